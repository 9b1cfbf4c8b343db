/** A value that takes a while to compute: it is computed in a frame of its own. */

import { useEffect, useState } from "preact/hooks";
import { cancelTurn, inTurn } from "./frameQueue";

/** Returns the latest value that `compute` gave; `before`: until there is one. It computes again if `inputs` change. */
export function useInTurn<T>(compute: () => T, inputs: unknown[], before: T): T {
  const [value, setValue] = useState(before);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `inputs` stands for all that `compute` depends on
  useEffect(() => {
    const work = () => setValue(compute());
    inTurn(work);
    return () => cancelTurn(work);
  }, inputs);
  return value;
}
