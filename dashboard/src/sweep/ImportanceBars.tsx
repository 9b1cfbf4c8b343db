/** How much each parameter decides whether a trial is among the best ones, as bars. */

import { useMemo } from "preact/hooks";
import { number } from "../base/format";
import { ImportantPairs } from "./ImportantPairs";
import type { Importance } from "./importance";
import { useImportance } from "./useImportance";
import type { SweepView } from "./useSweepView";
import "./ImportanceBars.css";

/** Smaller shares may be chance: their direction is not shown. */
const LEAST_SHARE = 0.04;

export function ImportanceBars({ view: { sweep, trials, chosen, importances } }: { view: SweepView }) {
  const taken = useMemo(() => (chosen ? trials.filter(({ id }) => chosen.has(id)) : trials), [trials, chosen]);
  const found = useImportance(sweep.id, sweep.metric ?? "", taken);
  const directions = new Map(importances.map((one) => [one.name, one]));
  if (!found) return <p class="empty">…</p>;
  if (!found.shares.length) return <p class="empty">Too few results: {found.trials} of the 8 that it needs.</p>;
  const rows = found.shares.map(({ name, share }) => ({ name, share, direction: directionOf(directions.get(name)) }));
  return (
    <div class="importance">
      <p class="soft">over {found.trials} trials</p>
      {rows.map((row) => (
        <div key={row.name} class="importance-row">
          <span class="mono">{row.name}</span>
          <span class="soft">{directionText(row.direction)}</span>
          <b>{number(row.share * 100, 3)} %</b>
          <div class="bar" role="img" aria-label={`${number(row.share * 100, 3)} %`}>
            <i style={{ width: `${Math.max(0.5, row.share * 100)}%` }} />
          </div>
        </div>
      ))}
      <ImportantPairs found={found} />
    </div>
  );
}

/** Returns which values are better, if the parameter alone explains enough to say so. */
function directionOf(alone: Importance | undefined): number {
  return alone && alone.share >= LEAST_SHARE ? alone.direction : 0;
}

function directionText(direction: number): string {
  if (direction > 0) return "higher is better";
  return direction < 0 ? "lower is better" : "";
}
