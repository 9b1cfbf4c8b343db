/** A section of a page, and a fact in its head. */

import type { ComponentChildren } from "preact";
import "./Section.css";

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

export function Fact({ name, children, title }: { name: string; children: ComponentChildren; title?: string }) {
  return (
    <div class="fact" title={title}>
      <span>{name}</span>
      <b>{children}</b>
    </div>
  );
}
