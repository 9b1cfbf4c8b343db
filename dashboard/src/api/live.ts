/** Says when it is time to look at the server again: it tells by server-sent events what changed, while the page is seen. */

import { isEmbedded, send } from "../base/embed";
import { LIVE_PATH } from "./routes";
import type { Change, Changes } from "./types";

type Listener = (changes: Changes | null) => void;
const AGAIN_MS = 3000;
const listeners = new Set<Listener>();
const watchers = new Set<(isConnected: boolean) => void>();
let source: { close: () => void } | null = null;
let isConnected = true;

function tell(changes: Changes | null): void {
  for (const listener of [...listeners]) listener(changes);
}

function connected(value: boolean): void {
  if (value && !isConnected) tell(null); // what happened meanwhile was missed
  isConnected = value;
  for (const watcher of watchers) watcher(value);
}

/** Opens the stream; a page that is not seen has none, so that many open tabs do not use up the browser's connections. */
function open(): void {
  if (source || document.hidden) return;
  if (isEmbedded) {
    source = stream();
    return;
  }
  const events = new EventSource(LIVE_PATH);
  source = events;
  events.onopen = () => connected(true);
  events.onerror = () => {
    connected(false);
    if (source === events && events.readyState === EventSource.CLOSED) again(); // refused: for good by the browser's rules
  };
  events.onmessage = (event) => tell(JSON.parse(event.data as string) as Changes);
}

function again(): void {
  source = null;
  setTimeout(open, AGAIN_MS);
}

/** Reads the same stream where an EventSource cannot: it sends no token. */
function stream(): { close: () => void } {
  const stop = new AbortController();
  const read = async () => {
    const answer = await send(LIVE_PATH, { signal: stop.signal });
    if (!answer.ok || !answer.body) return answer.status !== 401;
    connected(true);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return true;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop()!;
      for (const line of parts.join("\n").split("\n"))
        if (line.startsWith("data: ")) tell(JSON.parse(line.slice(6)) as Changes);
    }
  };
  void read()
    .catch(() => true) // a broken connection
    .then((isWorthIt) => {
      if (stop.signal.aborted) return;
      connected(false);
      if (isWorthIt) again();
    });
  return { close: () => stop.abort() };
}

export function startLive(): void {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      open();
      tell(null);
      return;
    }
    source?.close();
    source = null;
  });
  open();
}

/** Calls `listener` whenever something has changed, null: perhaps anything; returns how to end that. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Calls `watcher` with whether the server is there, now and whenever that changes. */
export function onConnection(watcher: (isConnected: boolean) => void): () => void {
  watchers.add(watcher);
  watcher(isConnected);
  return () => void watchers.delete(watcher);
}

/** Makes everybody look at once, for what this page has changed itself. */
export function lookNow(): void {
  tell(null);
}

/** Returns whether the answer of `path` may be another one after these changes. */
export function concerns(path: string, changes: Changes | null): boolean {
  if (!changes) return true;
  const [, , kind, id] = path.split(/[\n?]/)[0]!.split("/").map(decodeURIComponent);
  const isRun = changes.is_cut || changes.runs.some((run) => run.id === id);
  if (kind === "runs") return id === undefined || id === "query" ? changes.is_cut || changes.runs.length > 0 : isRun;
  const has = (some: Change[]) => some.some((one) => one.id === id);
  if (kind === "series") return isRun || has(changes.nodes);
  if (kind === "sweeps") return id === undefined ? changes.sweeps.length > 0 : has(changes.sweeps);
  if (kind === "nodes")
    return changes.nodes.length > 0 || (id === "now" && (changes.sweeps.length > 0 || changes.runs.length > 0));
  return (kind === "projects" || kind === "console") && (changes.is_cut || changes.runs.length > 0);
}
