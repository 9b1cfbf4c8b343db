/** Tabs: the arrow keys choose the next one. */

import { useEffect, useRef } from "preact/hooks";
import "./Tabs.css";

interface TabsProps<Tab extends string> {
  tabs: readonly Tab[];
  value: Tab;
  onChange: (tab: Tab) => void;
}

export function Tabs<Tab extends string>({ tabs, value, onChange }: TabsProps<Tab>) {
  const list = useRef<HTMLDivElement>(null);
  const find = (tab: Tab) => list.current?.querySelector<HTMLElement>(`[data-tab="${tab}"]`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen tab scrolls into view when it changes
  useEffect(() => find(value)?.scrollIntoView({ block: "nearest", inline: "nearest" }), [value]);
  function onKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && tabs[(tabs.indexOf(value) + step + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next);
    find(next)?.focus();
  }
  return (
    <div class="tabs" role="tablist" tabIndex={-1} ref={list} onKeyDown={onKey}>
      {tabs.map((tab) => (
        <button
          type="button"
          role="tab"
          key={tab}
          data-tab={tab}
          aria-selected={tab === value}
          tabIndex={tab === value ? 0 : -1}
          onClick={() => onChange(tab)}
        >
          {tab}
        </button>
      ))}
    </div>
  );
}
