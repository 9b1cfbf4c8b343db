/** A small menu behind a "⋯" button. */

import { useEffect, useRef, useState } from "preact/hooks";

export function Menu({ label, choices }: { label: string; choices: Record<string, () => void> }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const close = (event: Event) => {
      const isKey = event instanceof KeyboardEvent;
      if (isKey ? event.key === "Escape" : !root.current?.contains(event.target as globalThis.Node)) setOpen(false);
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, [isOpen]);
  return (
    <div class="menu" ref={root}>
      <button type="button" class="icon" aria-label={label} aria-haspopup="menu" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
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
                setOpen(false);
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
