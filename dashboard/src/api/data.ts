/** What the server said, kept current: hooks over `api.ts` and `live.ts`. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { getText, Refusal, Unreachable } from "./client";
import { concerns, onConnection, onNews } from "./live";
import type { Path } from "./routes";

export interface Data<T> {
  value: T | undefined;
  error: string;
}

const EMPTY: Data<never> = { value: undefined, error: "" };

/**
 * Runs `ask` at once, whenever the answer of `path` may have become another one, and every `everyMs` besides; never twice
 * at a time. Null: not at all. Where there is no server the page's head says so, and `ask` runs again when it is back.
 */
export function usePolling(path: string | null, ask: (signal: AbortSignal) => Promise<void>, everyMs = 0): void {
  useLayoutEffect(() => {
    if (path === null) return; // before the frame is painted: the answer is needed for the next one
    const stop = new AbortController();
    let isAsking = false;
    let isStale = false;
    async function look(): Promise<void> {
      isStale = isAsking;
      if (isAsking) return;
      isAsking = true;
      try {
        await ask(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted && !(error instanceof Unreachable)) throw error;
      } finally {
        isAsking = false;
        if (isStale && !stop.signal.aborted) void look();
      }
    }
    void look();
    const end = onNews((changes) => concerns(path, changes) && void look());
    const timer = everyMs ? setInterval(() => void look(), everyMs) : undefined;
    return () => {
      end();
      clearInterval(timer);
      stop.abort();
    };
  }, [path, everyMs]);
}

/**
 * Returns the answer of `path`, asked again whenever something may have changed; null asks nothing.
 * With `everyMs` it is asked that often besides: for what comes without news.
 */
export function useData<T>(path: Path<T> | null, everyMs = 0): Data<T> {
  const [state, setState] = useState<{ path: Path<T> | null; data: Data<T> }>({ path, data: EMPTY });
  const last = useRef({ path, text: "" });
  usePolling(
    path,
    async (signal) => {
      try {
        const text = await getText(path!, signal);
        if (signal.aborted || (last.current.path === path && text === last.current.text)) return;
        last.current = { path, text };
        setState({ path, data: { value: JSON.parse(text) as T, error: "" } });
      } catch (error) {
        if (signal.aborted || !(error instanceof Refusal)) return;
        last.current = { path, text: "" };
        const said = [error.message, error.hint].filter(Boolean).join("; ");
        setState((before) => ({
          path,
          data: { value: before.path === path ? before.data.value : undefined, error: said },
        }));
      }
    },
    everyMs,
  );
  return state.path === path ? state.data : EMPTY;
}

/** Returns whether the server answers. */
export function useConnected(): boolean {
  const [value, setValue] = useState(true);
  useEffect(() => onConnection(setValue), []);
  return value;
}

/** Returns the time in seconds since the epoch, renewed every `everyMs`. */
export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
