/** The newest value of something, for effects and listeners that outlive a render. */

import { useRef } from "preact/hooks";

/** Returns a stable object whose `current` is always the value of the newest render. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  latest.current = value;
  return latest;
}
