/** The lines of a large chart as a table, each with its first, last, lowest and highest value. */

import { measured } from "../base/format";
import { Name } from "../base/Name";
import { Scroll } from "../base/Scroll";
import type { Line } from "./lines";
import "./LegendTable.css";

export function LegendTable({ metric, lines }: { metric: string; lines: Line[] }) {
  return (
    <Scroll label="Lines" kind="legend">
      <table class="plain-table">
        <thead>
          <tr>
            <th>Line</th>
            <th class="number">First</th>
            <th class="number">Last</th>
            <th class="number">Lowest</th>
            <th class="number">Highest</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td>
                <i class="swatch" style={{ background: line.color }} />
                <Name>{line.label}</Name>
              </td>
              <td class="number">{measured(metric, line.y.find(isThere))}</td>
              <td class="number">{measured(metric, line.y.findLast(isThere))}</td>
              <td class="number">{measured(metric, extreme(line.low, Math.min))}</td>
              <td class="number">{measured(metric, extreme(line.high, Math.max))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
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
