/** Which rows of a table are visible, which one has the focus, and the keys that move it. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { useLatest } from "../base/latest";

export const ROW_PX = 34;
export const HEAD_PX = 34;
/** Rows before and behind the visible ones that exist too. */
const AHEAD_ROWS = 12;
const PAGE_ROWS = 15;
const STEPS: Record<string, number> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: PAGE_ROWS,
  PageUp: -PAGE_ROWS,
};

export interface TableWindow {
  first: number;
  /** One more than the last row that exists. */
  end: number;
  /** The row with the focus; -1: none. */
  focused: number;
  setFocused: (row: number) => void;
  /** Moves the focus if the key does so. */
  onStep: (event: KeyboardEvent) => void;
}

export function useTableWindow(
  box: RefObject<HTMLDivElement | null>,
  total: number,
  onVisible: ((first: number, end: number) => void) | undefined,
): TableWindow {
  const [view, setView] = useState({ top: 0, height: 600 });
  const [focused, setFocused] = useState(-1);

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const update = () => setView({ top: node.scrollTop, height: node.clientHeight });
    const sizes = new ResizeObserver(update);
    sizes.observe(node);
    node.addEventListener("scroll", update, { passive: true });
    return () => {
      sizes.disconnect();
      node.removeEventListener("scroll", update);
    };
  }, [box]);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - AHEAD_ROWS);
  const end = Math.min(total, Math.ceil((view.top + view.height) / ROW_PX) + AHEAD_ROWS);
  const latest = useLatest(onVisible);
  // biome-ignore lint/correctness/useExhaustiveDependencies: also when the total changes, the rows are others
  useEffect(() => latest.current?.(first, end), [first, end, total]);

  function onStep(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined || !box.current) return;
    event.preventDefault();
    const next = Math.min(total - 1, Math.max(0, focused + step));
    setFocused(next);
    scrollTo(box.current, next * ROW_PX);
  }
  return { first, end, focused, setFocused, onStep };
}

/** Scrolls until the row at `top` is visible. */
function scrollTo(node: HTMLElement, top: number): void {
  const bottom = top + ROW_PX + HEAD_PX;
  if (top < node.scrollTop) node.scrollTop = top;
  else if (bottom > node.scrollTop + node.clientHeight) node.scrollTop = bottom - node.clientHeight;
}
