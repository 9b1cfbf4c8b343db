/** Whether a part of the page is in sight, or nearly: what is not need not ask the server for anything. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const AHEAD = "300px";

/** Returns whether the element has come into sight; once it has, it stays so. */
export function useHasBeenVisible(element: RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isSeen || !element.current) return;
    const sight = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true), { rootMargin: AHEAD });
    sight.observe(element.current);
    return () => sight.disconnect();
  }, [isSeen]);
  return isSeen;
}
