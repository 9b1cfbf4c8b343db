/** The lines of a large chart as a table, each with its first, last, lowest and highest value. */

import { measured } from "../base/format";
import { Name } from "../base/Name";
import { Rounded } from "../base/Rounded";
import { Scroll } from "../base/Scroll";
import type { Line } from "./lines";
import "./LegendTable.css";

const COLUMNS = ["First", "Last", "Lowest", "Highest"];

export function LegendTable({ metric, lines }: { metric: string; lines: Line[] }) {
  return (
    <Scroll label="Lines" kind="legend">
      <table class="plain-table">
        <thead>
          <tr>
            <th>Line</th>
            {COLUMNS.map((name) => (
              <th class="number" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td>
                <i class="swatch" style={{ background: line.color }} />
                <Name>{line.label}</Name>
              </td>
              {valuesOf(line).map((given, at) => (
                <td class="number" key={COLUMNS[at]}>
                  <Rounded given={given}>{measured(metric, given)}</Rounded>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Returns what the columns show of a line: values as they were logged, not smoothed. */
function valuesOf(line: Line): unknown[] {
  const logged = line.raw ?? line.y;
  const last = line.last ?? logged.findLast(isThere);
  return [logged.find(isThere), last, extreme(line.low, Math.min), extreme(line.high, Math.max)];
}

function isThere(value: number | null): value is number {
  return value !== null;
}

function extreme(values: (number | null)[], choose: (a: number, b: number) => number): number | null {
  return values.reduce(
    (found, value) => (value === null ? found : found === null ? value : choose(found, value)),
    null,
  );
}
