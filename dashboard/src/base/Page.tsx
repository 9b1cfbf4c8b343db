/** The frame of every page: its head with title, trail and facts. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Failure } from "./Failure";
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
            <nav class="trail" aria-label="Breadcrumbs">
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

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · lightning-sweeps` : "lightning-sweeps";
  }, [title]);
}
