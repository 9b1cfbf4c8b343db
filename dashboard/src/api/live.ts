/** Tells the page when to ask the server again: the server sends an event for every change while the page is visible. */

import { isEmbedded, send } from "../base/embed";
import { reached } from "../base/rootPath";
import { LIVE_PATH } from "./routes";
import type { Changes } from "./types";

type Listener = (changes: Changes | null) => void;
const RETRY_MS = 3000;
const listeners = new Set<Listener>();
const watchers = new Set<(isConnected: boolean) => void>();
let source: { close: () => void } | null = null;
let isConnected = true;

function notify(changes: Changes | null): void {
  for (const listener of [...listeners]) listener(changes);
}

function setConnected(value: boolean): void {
  if (value && !isConnected) notify(null); // changes in the meantime were missed
  isConnected = value;
  for (const watcher of watchers) watcher(value);
}

/** Opens the stream. A hidden page has none, so that many open tabs do not use up the browser's connections. */
function open(): void {
  if (source || document.hidden) return;
  if (isEmbedded) {
    source = openStream();
    return;
  }
  const events = new EventSource(reached(LIVE_PATH));
  source = events;
  events.onopen = () => setConnected(true);
  events.onerror = () => {
    setConnected(false);
    if (source === events && events.readyState === EventSource.CLOSED) retry(); // refused: a browser does not retry
  };
  events.onmessage = (event) => notify(JSON.parse(event.data as string) as Changes);
}

function retry(): void {
  source = null;
  setTimeout(open, RETRY_MS);
}

/** Reads the stream with `fetch`, because an `EventSource` cannot send a token. */
function openStream(): { close: () => void } {
  const stop = new AbortController();
  void readStream(stop.signal)
    .catch(() => true) // a broken connection
    .then((shouldRetry) => {
      if (stop.signal.aborted) return;
      setConnected(false);
      if (shouldRetry) retry();
    });
  return { close: () => stop.abort() };
}

/** Reads events until the stream ends, and returns whether to open it again. */
async function readStream(signal: AbortSignal): Promise<boolean> {
  const answer = await send(LIVE_PATH, { signal });
  if (!answer.ok || !answer.body) return answer.status !== 401;
  setConnected(true);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const line of events.join("\n").split("\n")) {
      if (line.startsWith("data: ")) notify(JSON.parse(line.slice(6)) as Changes);
    }
  }
}

export function startLive(): void {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      open();
      notify(null);
      return;
    }
    source?.close();
    source = null;
  });
  open();
}

/** Calls `listener` with every change; with null if anything may have changed. Returns a function that ends this. */
export function onChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Calls `watcher` with whether the server answers, now and whenever that changes. Returns a function that ends this. */
export function onConnection(watcher: (isConnected: boolean) => void): () => void {
  watchers.add(watcher);
  watcher(isConnected);
  return () => void watchers.delete(watcher);
}

/** Makes every part of the page ask again, after this page itself changed something. */
export function refreshAll(): void {
  notify(null);
}

/** Returns whether the answer of `path` may differ after these changes. Null: anything may have changed. */
export function concerns(path: string, changes: Changes | null): boolean {
  if (!changes) return true;
  const [, , kind = "", id = ""] = (path.split(/[\n?]/)[0] ?? "").split("/").map(decodeURIComponent);
  const isList = id === "" || id === "query" || id === "now" || id === "window";
  return isList ? concernsList(kind, id, projectOf(path), changes) : concernsOne(kind, id, changes);
}

/** Returns the project to which the answer of a list is limited; null: all projects. */
function projectOf(path: string): string | null {
  const [address = "", body] = path.split("\n");
  if (body !== undefined) return (JSON.parse(body) as { project?: string | null }).project ?? null;
  return new URLSearchParams(address.split("?")[1]).get("project");
}

function concernsList(kind: string, id: string, project: string | null, changes: Changes): boolean {
  const { runs, sweeps, nodes, is_cut } = changes;
  if (kind === "sweeps") return sweeps.length > 0;
  if (kind === "nodes") return nodes.length > 0 || (id === "now" && (sweeps.length > 0 || runs.length > 0));
  if (kind !== "runs" && kind !== "projects" && kind !== "console") return false;
  return is_cut || runs.some((run) => project === null || run.project === project);
}

function concernsOne(kind: string, id: string, { runs, sweeps, nodes, is_cut }: Changes): boolean {
  const includes = (some: { id: string }[]) => some.some((one) => one.id === id);
  if (kind === "sweeps") return includes(sweeps);
  if (kind === "runs") return is_cut || includes(runs);
  return kind === "series" && (is_cut || includes(runs) || includes(nodes));
}
