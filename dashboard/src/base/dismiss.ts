/** Closes menus and dialogs when the user clicks elsewhere or presses Escape. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { useLatest } from "./latest";

/** Calls `close` at a press outside of `root`, and at Escape, which returns the focus to the first button of `root`. */
export function useDismiss(root: RefObject<HTMLElement | null>, isOpen: boolean, close: () => void): void {
  const latest = useLatest(close);
  useEffect(() => {
    if (!isOpen) return;
    const press = (event: Event) => {
      if (!root.current?.contains(event.target as globalThis.Node)) latest.current();
    };
    const pressKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      latest.current();
      root.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", press);
    addEventListener("keydown", pressKey);
    return () => {
      removeEventListener("pointerdown", press);
      removeEventListener("keydown", pressKey);
    };
  }, [isOpen, root]);
}
