/** What every page is made of: a head with its name and facts, sections, tabs, and messages. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "./Page.css";

/** The pages above this one: names and addresses. */
export type Trail = [name: string, address: string][];

interface PageProps {
  title: ComponentChildren;
  trail?: Trail;
  aside?: ComponentChildren;
  facts?: ComponentChildren;
  children?: ComponentChildren;
}

export function Page({ title, trail, aside, facts, children }: PageProps) {
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

/** A page until its first answer is here, or with the reason why there is none. */
export function Loading({ title, trail, error }: { title: string; trail: Trail; error: string }) {
  return (
    <Page title={title} trail={trail}>
      {error ? <Failure error={error} /> : <p class="empty">…</p>}
    </Page>
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

interface SectionProps {
  title: string;
  note?: ComponentChildren;
  aside?: ComponentChildren;
  children?: ComponentChildren;
  /** `bare`: without a card around it. */
  kind?: "" | "bare";
}

export function Section({ title, note, aside, children, kind = "" }: SectionProps) {
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

export function Failure({ error }: { error: string }) {
  return error ? (
    <p class="failure" role="alert">
      {error}
    </p>
  ) : null;
}

/** A part of the page that scrolls by itself. It takes the focus, so that the keyboard can scroll it. */
export function Scroll({ label, children, kind = "" }: { label: string; children: ComponentChildren; kind?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <section class={`scroll ${kind}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** Text in a box that scrolls by itself, such as output or a traceback. */
export function Preformatted({ children }: { children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <pre class="console" tabIndex={0}>
      {children}
    </pre>
  );
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
