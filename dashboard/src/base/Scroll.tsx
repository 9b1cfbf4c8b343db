/** Parts of a page that scroll on their own. */

import type { ComponentChildren } from "preact";

/** A part of the page that scrolls on its own. It takes the focus, so that the keyboard can scroll it. */
export function Scroll({ label, children, kind = "" }: { label: string; children: ComponentChildren; kind?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <section class={`scroll ${kind}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** Text in a box that scrolls on its own, such as output or a traceback. */
export function Preformatted({ children }: { children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <pre class="console" tabIndex={0}>
      {children}
    </pre>
  );
}
