/** A value that takes a while to compute: it is computed in a frame of its own. */

import { useEffect, useState } from "preact/hooks";
import { cancelTurn, inTurn } from "./frameQueue";

/**
 * Returns what `compute` gave last; `before`: until there is something.
 *
 * It computes again when `given` is another object.
 */
export function useInTurn<G extends object, T>(given: G, compute: (given: G) => T, before: T): T {
  const [value, setValue] = useState(before);
  useEffect(() => {
    const work = () => setValue(() => compute(given));
    inTurn(work);
    return () => cancelTurn(work);
  }, [given, compute]);
  return value;
}
