/** What the server said, kept current: hooks over `api.ts` and `live.ts`. */

import { useEffect, useRef, useState } from "preact/hooks";
import { getText, type Path, Refusal } from "./api";
import { onNews } from "./live";

export interface Data<T> {
  value: T | undefined;
  error: string;
}

const EMPTY: Data<never> = { value: undefined, error: "" };

/** Returns the answer of `path`, asked again whenever something may have changed; null asks nothing. */
export function useData<T>(path: Path<T> | null): Data<T> {
  const [state, setState] = useState<{ path: Path<T> | null; data: Data<T> }>({ path, data: EMPTY });
  const lastText = useRef("");
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let isAsking = false;
    lastText.current = "";
    async function ask(): Promise<void> {
      if (isAsking || path === null) return;
      isAsking = true;
      try {
        const text = await getText(path, stop.signal);
        if (stop.signal.aborted) return;
        setConnected(true);
        if (text !== lastText.current) {
          lastText.current = text;
          setState({ path, data: { value: JSON.parse(text) as T, error: "" } });
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof Refusal)) setConnected(false);
        else setState((before) => ({ path, data: { value: before.data.value, error: `${error.message}. ${error.hint}` } }));
      } finally {
        isAsking = false;
      }
    }
    void ask();
    const end = onNews(() => void ask());
    return () => {
      end();
      stop.abort();
    };
  }, [path]);
  return state.path === path ? state.data : EMPTY;
}

let isConnected = true;
const watchers = new Set<(value: boolean) => void>();

function setConnected(value: boolean): void {
  if (value === isConnected) return;
  isConnected = value;
  for (const watcher of watchers) watcher(value);
}

/** Returns whether the server answered when it was last asked. */
export function useConnected(): boolean {
  const [value, setValue] = useState(isConnected);
  useEffect(() => {
    watchers.add(setValue);
    return () => void watchers.delete(setValue);
  }, []);
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
