/** What every page is made of: a head with its name and facts, sections, lists of facts, words where nothing is. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Page({
  title,
  trail,
  aside,
  facts,
  children,
}: {
  title: ComponentChildren;
  trail?: [string, string][];
  aside?: ComponentChildren;
  facts?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <main class="page" id="main" tabIndex={-1}>
      <header class="page-head">
        <div>
          {trail && (
            <nav class="trail" aria-label="Where this is">
              {trail.map(([name, to]) => (
                <a key={to} href={to}>
                  {name}
                </a>
              ))}
            </nav>
          )}
          <h1>{title}</h1>
        </div>
        {aside && <div class="page-aside">{aside}</div>}
      </header>
      {facts && <div class="facts">{facts}</div>}
      {children}
    </main>
  );
}

export function Fact({ name, children, title }: { name: string; children: ComponentChildren; title?: string }) {
  return (
    <div class="fact" title={title}>
      <span>{name}</span>
      <b>{children}</b>
    </div>
  );
}

export function Section({
  title,
  note,
  aside,
  children,
  kind = "",
}: {
  title: string;
  note?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
}) {
  return (
    <section class={`section ${kind}`}>
      <header>
        <h2>{title}</h2>
        {note && <span class="soft">{note}</span>}
        {aside && <div class="section-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export function Tabs({ tabs, value, onChange }: { tabs: string[]; value: string; onChange: (tab: string) => void }) {
  const list = useRef<HTMLDivElement>(null);
  // where there is no room for all tabs, the chosen one is in sight
  useEffect(
    () => list.current?.querySelector(`[data-tab="${value}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [value],
  );
  function onKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(value) + step + tabs.length) % tabs.length]!;
    onChange(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  }
  return (
    <div class="tabs" role="tablist" ref={list} onKeyDown={onKey}>
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

export function Failure({ error }: { error: string }) {
  return error ? (
    <p class="failure" role="alert">
      {error}
    </p>
  ) : null;
}

export function Command({ children }: { children: string }) {
  return (
    <div class="command">
      <code>{children}</code>
      <button
        type="button"
        class="quiet small"
        aria-label={`Copy ${children}`}
        onClick={() => void navigator.clipboard?.writeText(children)}
      >
        copy
      </button>
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · lightning-sweeps` : "lightning-sweeps";
  }, [title]);
}
