/** How much each parameter alone explains the order of the trials, as bars. */

import { useMemo } from "preact/hooks";
import { importance } from "./importance";
import { sign } from "./score";
import type { SweepView } from "./useSweepView";
import "./ImportanceBars.css";

/** Smaller shares may be chance: their direction is not shown. */
const LEAST_SHARE = 0.04;

export function ImportanceBars({ view: { sweep, results: trials, parameters } }: { view: SweepView }) {
  const direction = sign(sweep);
  const rows = useMemo(() => importance(trials, parameters, direction), [trials, parameters, direction]);
  return (
    <div class="importance">
      {rows.map((row) => (
        <div key={row.name} class="importance-row">
          <span class="mono">{row.name}</span>
          <span class="soft">{row.share >= LEAST_SHARE ? directionText(row.direction) : ""}</span>
          <b>{Math.round(row.share * 100)} %</b>
          <div class="bar" role="img" aria-label={`${Math.round(row.share * 100)} %`}>
            <i style={{ width: `${Math.max(0.5, row.share * 100)}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}

function directionText(direction: number): string {
  if (direction > 0) return "higher is better";
  return direction < 0 ? "lower is better" : "";
}
