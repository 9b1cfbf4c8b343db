/** Names and their values. */

import type { ComponentChildren } from "preact";
import { exact } from "./format";
import "./Pairs.css";

/** A list of names and texts. */
export function Pairs({ pairs }: { pairs: [name: string, text: ComponentChildren, title?: string][] }) {
  return (
    <dl class="pairs">
      {pairs.map(([name, text, title]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={title}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ComparedProps {
  values: Record<string, unknown>;
  /** Other values to compare with: those that differ are marked and come first. */
  against?: Record<string, unknown>;
}

export function ComparedPairs({ values, against }: ComparedProps) {
  const names = [...new Set([...Object.keys(values), ...Object.keys(against ?? {})])];
  const isDifferent = (name: string) =>
    against !== undefined && JSON.stringify(values[name]) !== JSON.stringify(against[name]);
  const sorted = names.sort((a, b) => Number(isDifferent(b)) - Number(isDifferent(a)));
  if (!sorted.length) return <p class="empty">empty</p>;
  return (
    <dl class={`pairs${against ? " beside" : ""}`}>
      {sorted.map((name) => (
        <div key={name} class={isDifferent(name) ? "different" : ""}>
          <dt>{name}</dt>
          <dd>{exact(values[name])}</dd>
          {against && <dd class="soft">{exact(against[name])}</dd>}
        </div>
      ))}
    </dl>
  );
}
