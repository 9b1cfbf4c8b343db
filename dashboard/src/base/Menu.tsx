/** A small menu behind a "⋯" button. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useDismiss } from "./dismiss";
import { useLatest } from "./latest";
import "./Menu.css";

export function Menu({ label, choices }: { label: string; choices: Record<string, () => void> }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = () => setOpen(false);
  useDismiss(root, isOpen, close);
  useMenuKeys(root, isOpen, close);
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class="icon"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        ⋯
      </button>
      {isOpen && (
        <div class="menu-list" role="menu">
          {Object.entries(choices).map(([name, act]) => (
            <button
              type="button"
              role="menuitem"
              key={name}
              onClick={() => {
                close();
                act();
              }}
            >
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Moves the focus through the open menu. Tab closes it. */
function useMenuKeys(root: RefObject<HTMLElement | null>, isOpen: boolean, close: () => void): void {
  const latest = useLatest(close);
  useEffect(() => {
    if (!isOpen) return;
    const items = () => [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    items()[0]?.focus();
    const press = (event: KeyboardEvent) => {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
      if (event.key === "Tab") latest.current();
      else if (to !== undefined) {
        event.preventDefault();
        all[to % all.length]?.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isOpen, root]);
}
