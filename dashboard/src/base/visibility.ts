/** Whether a part of the page is visible or nearly visible. Hidden parts send no requests. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Parts this close to the window count as visible. */
const AHEAD = "300px";

interface Within {
  /** What scrolls, if it is not the window. */
  box?: RefObject<Element | null>;
  /** How close an element must be to count as visible. */
  ahead?: string;
}

/** Returns whether the element is visible now. */
export function useIsVisible(element: RefObject<Element | null>, { box, ahead = AHEAD }: Within = {}): boolean {
  const [isVisible, setVisible] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(([entry]) => entry && setVisible(entry.isIntersecting), {
      root: box?.current ?? null,
      rootMargin: ahead,
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, box, ahead]);
  return isVisible;
}

/** Returns whether the element has been visible at any time. */
export function useHasBeenVisible(element: RefObject<Element | null>): boolean {
  const isVisible = useIsVisible(element);
  const [hasBeen, setHasBeen] = useState(false);
  useEffect(() => {
    if (isVisible) setHasBeen(true);
  }, [isVisible]);
  return hasBeen;
}
