/** A bar for each run by one number, the largest first. */

import type { RunRow } from "../api/types";
import { exact, number } from "../base/format";
import { distinctNames } from "../base/names";
import { text } from "../tables/rowValues";
import { barsBy } from "./numbers";

/** More bars than this are hard to compare. */
const MOST_BARS = 100;

export function Bars({ rows, column }: { rows: RunRow[]; column: string }) {
  const all = barsBy(rows, column);
  const bars = all.slice(0, MOST_BARS);
  const names = distinctNames(bars.map(({ row }) => ({ id: row.id, name: text(row["name"]) })));
  if (!bars.length) return <p class="empty">No run has a number in {column}.</p>;
  return (
    <figure class="section">
      <figcaption>
        {column}
        {bars.length < all.length && `: the ${bars.length} largest of ${all.length}`}
      </figcaption>
      <ul class="number-bars">
        {bars.map(({ row, value, from, length }, at) => (
          <li key={row.id}>
            <a class="clip" href={`/runs/${row.id}`} title={row.id}>
              {names[at]}
            </a>
            <span class="number-bar">
              <i style={{ left: `${100 * from}%`, width: `${100 * length}%` }} />
            </span>
            <b title={exact(value)}>{number(value)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}
