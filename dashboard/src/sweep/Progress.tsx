/** How many trials are in which state, as one bar. */

import type { Sweep, TrialState } from "../api/types";
import { tone } from "../base/State";
import "./Progress.css";

const ORDER: TrialState[] = [
  "finished",
  "stopped",
  "running",
  "stopping",
  "ending",
  "leased",
  "preempted",
  "failed",
  "lost",
  "pending",
];

export function Progress({ sweep, isSmall = false }: { sweep: Sweep; isSmall?: boolean }) {
  const counts = ORDER.map((state): [TrialState, number] => [state, sweep.counts[state] ?? 0]).filter(
    ([, count]) => count > 0,
  );
  const made = counts.reduce((sum, [, count]) => sum + count, 0);
  const whole = Math.max(made, sweep.run_cap ?? 0, 1);
  const text = counts.map(([state, count]) => `${count} ${state}`).join(", ") || "no trials yet";
  return (
    <div class={`progress${isSmall ? " small" : ""}`}>
      <div class="progress-bar" role="img" aria-label={text} title={text}>
        {counts.map(([state, count]) => (
          <i key={state} class={`${tone(state)} is-${state}`} style={{ width: `${(100 * count) / whole}%` }} />
        ))}
      </div>
      {!isSmall && <span class="soft">{text}</span>}
    </div>
  );
}
