/** A part of a page that is drawn in a frame of its own, with what was given last. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cancelTurn, inTurn } from "./frameQueue";

interface Props<T> {
  /** What the part shows. It is drawn again when this is another object. */
  given: T;
  draw: (given: T) => ComponentChildren;
}

export function InTurn<T extends object>({ given, draw }: Props<T>) {
  const [shown, setShown] = useState<T | null>(null);
  const latest = useRef(given);
  latest.current = given;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `given` starts a turn, which takes the latest
  useEffect(() => {
    const work = () => setShown(latest.current);
    inTurn(work);
    return () => cancelTurn(work);
  }, [given]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `draw` depends on what it is given alone
  return useMemo(() => (shown ? draw(shown) : null), [shown]);
}
