/** A histogram as bars. */

import { number } from "../base/format";
import "./HistogramBars.css";

export interface Histogram {
  counts: number[];
  /** The borders of the bins: one more than counts. */
  edges: number[];
  not_finite: number;
}

const HEIGHT = 130;
/** The part of a bin's width that its bar leaves free at each side. */
const GAP = 0.05;

export function HistogramBars({ histogram: { counts, edges, not_finite } }: { histogram: Histogram }) {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  return (
    <div>
      <svg
        class="bars"
        viewBox={`0 0 ${counts.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} values from ${number(low)} to ${number(high)}`}
      >
        {counts.map((count, at) => (
          <rect
            key={edges[at]}
            x={at + GAP}
            width={1 - 2 * GAP}
            y={HEIGHT * (1 - count / most)}
            height={(HEIGHT * count) / most}
          >
            <title>{`${number(edges[at])} … ${number(edges[at + 1])}: ${count}`}</title>
          </rect>
        ))}
      </svg>
      <div class="ends">
        <span>{number(low)}</span>
        <span>
          {total} values{not_finite > 0 && <b class="bad">, {not_finite} not finite</b>}
        </span>
        <span>{number(high)}</span>
      </div>
    </div>
  );
}
