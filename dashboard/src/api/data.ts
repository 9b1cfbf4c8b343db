/** Data from the server, kept up to date: hooks over `client.ts` and `live.ts`. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useLatest } from "../base/latest";
import { errorText, getAgain, Refusal, Unreachable } from "./client";
import { concerns, onChanges, onConnection } from "./live";
import type { Path } from "./routes";

export interface Data<T> {
  value: T | undefined;
  error: string;
  /** Whether there is neither a response nor an error yet. */
  isLoading: boolean;
}

/** Returns a function that runs `work`, never twice at the same time, and once more if it was called meanwhile. */
function oneAtATime(work: () => Promise<void>, signal: AbortSignal): () => void {
  let isWorking = false;
  let isStale = false;
  return function start(): void {
    isStale = isWorking;
    if (isWorking) return;
    isWorking = true;
    void work()
      .catch((error: unknown) => {
        if (!signal.aborted && !(error instanceof Unreachable)) throw error;
      })
      .finally(() => {
        isWorking = false;
        if (isStale && !signal.aborted) start();
      });
  };
}

/**
 * Runs `ask` at once, whenever the answer of `path` may have changed, and every `everyMs` milliseconds.
 *
 * It never runs twice at the same time, and not at all for a null path. If the server does not
 * answer, the page's head says so, and `ask` runs again when the server is back.
 */
export function usePolling(path: string | null, ask: (signal: AbortSignal) => Promise<void>, everyMs = 0): void {
  const latest = useLatest(ask);
  useLayoutEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    const start = oneAtATime(() => latest.current(stop.signal), stop.signal);
    start();
    const end = onChanges((changes) => concerns(path, changes) && start());
    const timer = everyMs ? setInterval(start, everyMs) : undefined;
    return () => {
      end();
      clearInterval(timer);
      stop.abort();
    };
  }, [path, everyMs]);
}

/**
 * Returns the response of `path`, and asks again whenever it may have changed. A null path sends no request.
 *
 * With `everyMs` it also asks at this interval, for data that changes without an event.
 */
export function useData<T>(path: Path<T> | null, everyMs = 0): Data<T> {
  const [state, setState] = useState<{ path: Path<T> | null; value?: T | undefined; error: string }>({
    path,
    error: "",
  });
  const last = useRef<{ path: Path<T> | null; value?: T }>({ path });
  usePolling(
    path,
    async (signal) => {
      if (path === null) return;
      try {
        const value = await getAgain(path, signal);
        if (signal.aborted || (last.current.path === path && value === last.current.value)) return;
        last.current = { path, value };
        setState({ path, value, error: "" });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Refusal)) throw error;
        last.current = { path };
        setState((before) => ({
          path,
          value: before.path === path ? before.value : undefined,
          error: errorText(error),
        }));
      }
    },
    everyMs,
  );
  const { value, error } = state.path === path ? state : { value: undefined, error: "" };
  return { value, error, isLoading: value === undefined && !error };
}

/** Returns whether the server answers. */
export function useConnected(): boolean {
  const [value, setValue] = useState(true);
  useEffect(() => onConnection(setValue), []);
  return value;
}

/** Returns the time in seconds since the epoch, renewed every `everyMs` milliseconds. */
export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
