/** Names and values; where there are others to compare with, those that differ stand out and come first. */

import { value } from "./format";

export function Pairs({ values, against }: { values: Record<string, unknown>; against?: Record<string, unknown> }) {
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
          <dd>{value(values[name], 6)}</dd>
          {against && <dd class="soft">{value(against[name], 6)}</dd>}
        </div>
      ))}
    </dl>
  );
}
