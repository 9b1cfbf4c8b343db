/** A value that follows another one once it rests. */

import { useEffect, useState } from "preact/hooks";

/** How long typing pauses before it counts as rest, in milliseconds. */
export const REST_MS = 250;

/** Returns the latest value that has not changed for a while. */
export function useRested<T>(value: T, restMs = REST_MS): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}
