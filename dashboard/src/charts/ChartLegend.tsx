/** The names of a chart's lines, below it. */

import type { Line } from "./lines";
import "./ChartLegend.css";

/** More lines than this are named in the table of the enlarged chart. */
const MOST_NAMED = 12;

export function ChartLegend({ lines }: { lines: Line[] }) {
  return (
    <ul class="chart-legend">
      {lines.slice(0, MOST_NAMED).map(({ id, label, color, dash }) => (
        <li key={id} title={label}>
          <svg width="18" height="8" aria-hidden="true">
            <path d="M0 4H18" stroke={color} stroke-width="2" stroke-dasharray={dash?.join(" ")} />
          </svg>
          {label}
        </li>
      ))}
      {lines.length > MOST_NAMED && <li>and {lines.length - MOST_NAMED} more</li>}
    </ul>
  );
}
