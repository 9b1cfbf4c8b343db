/** The lines of the console: all of them can be scrolled, and only those near the visible ones are loaded. */

import { useRef } from "preact/hooks";
import { ConsolePage } from "./ConsolePage";
import { type ConsoleView, PAGE_LINES } from "./useConsole";
import { useConsoleScroll } from "./useConsoleScroll";

export function ConsoleLines({ view }: { view: ConsoleView }) {
  const box = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const onScroll = useConsoleScroll(box, content, view);
  const { total = 0, choice, isFollowing } = view;
  const pages = Array.from({ length: Math.ceil(total / PAGE_LINES) }, (_, at) => at * PAGE_LINES);
  return (
    <section
      class={`console${isFollowing ? " following" : ""}`}
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
      tabIndex={0}
      aria-label="Console"
      onScroll={onScroll}
    >
      <div ref={content} style={{ "--digits": String(total).length }}>
        {pages.map((first) => (
          <ConsolePage
            key={`${choice}${first}`}
            {...{ view, box, first }}
            count={Math.min(PAGE_LINES, total - first)}
          />
        ))}
      </div>
    </section>
  );
}
