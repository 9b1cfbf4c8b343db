/** What the server said, kept current: hooks over `api.ts` and `live.ts`. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { getText, type Path, Refusal } from "./api";
import { concerns, onConnection, onNews } from "./live";

export interface Data<T> {
  value: T | undefined;
  error: string;
}

const EMPTY: Data<never> = { value: undefined, error: "" };

/**
 * Returns the answer of `path`, asked again whenever something may have changed; null asks nothing.
 * With `everyMs` it is asked that often besides: for what comes without news.
 */
export function useData<T>(path: Path<T> | null, everyMs = 0): Data<T> {
  const [state, setState] = useState<{ path: Path<T> | null; data: Data<T> }>({ path, data: EMPTY });
  const lastText = useRef("");
  useLayoutEffect(() => {
    if (path === null) return; // before the frame is painted: the answer is needed for the next one
    const stop = new AbortController();
    let isAsking = false;
    let isStale = false;
    lastText.current = "";
    async function ask(): Promise<void> {
      isStale = isAsking;
      if (isAsking || path === null) return;
      isAsking = true;
      try {
        const text = await getText(path, stop.signal);
        if (!stop.signal.aborted && text !== lastText.current) {
          lastText.current = text;
          setState({ path, data: { value: JSON.parse(text) as T, error: "" } });
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof Refusal)) return; // no server: the page's head says so, and asks again when it is back
        const said = [error.message, error.hint].filter(Boolean).join("; ");
        setState((before) => ({ path, data: { value: before.path === path ? before.data.value : undefined, error: said } }));
      } finally {
        isAsking = false;
        if (isStale && !stop.signal.aborted) void ask();
      }
    }
    void ask();
    const end = onNews((changes) => concerns(path, changes) && void ask());
    const timer = everyMs ? setInterval(() => void ask(), everyMs) : undefined;
    return () => {
      end();
      clearInterval(timer);
      stop.abort();
    };
  }, [path, everyMs]);
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
