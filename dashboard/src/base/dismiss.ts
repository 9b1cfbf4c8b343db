/** What is open over the page closes when one goes elsewhere. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Calls `close` at a press outside of `root`, and at Escape, which gives the focus back to its first button. */
export function useDismiss(root: RefObject<HTMLElement | null>, isOpen: boolean, close: () => void): void {
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event) => root.current?.contains(event.target as globalThis.Node) || close();
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      root.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", leave);
    addEventListener("keydown", press);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("keydown", press);
    };
  }, [isOpen]);
}
