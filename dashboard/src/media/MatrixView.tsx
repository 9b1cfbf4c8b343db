/** A confusion matrix: rows are true classes, columns predicted ones. Each row is shaded by its own sum. */

import { number } from "../base/format";
import { Scroll } from "../base/Scroll";
import "./MatrixView.css";

export interface MatrixContent {
  labels: string[];
  matrix: number[][];
}

/** The strength of the shade of a cell that has its whole row, in percent. */
const STRONGEST = 70;

export function MatrixView({ labels, matrix }: MatrixContent) {
  const names = matrix.map((_, at) => labels[at] ?? String(at));
  return (
    <Scroll label="Confusion matrix">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">true \ predicted</th>
            {names.map((name, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: classes may share a name, and never change places
              <th scope="col" key={at}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((counts, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Row key={at} names={names} at={at} counts={counts} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ names, at, counts }: { names: string[]; at: number; counts: number[] }) {
  const sum = counts.reduce((total, count) => total + count, 0) || 1;
  return (
    <tr>
      <th scope="row">{names[at]}</th>
      {counts.map((count, place) => {
        const color = place === at ? "--good-bar" : "--bad-bar";
        const strength = Math.round((STRONGEST * count) / sum);
        const share = `${number((100 * count) / sum, 3)} %`;
        return (
          <td
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            key={place}
            style={{ background: `color-mix(in srgb, var(${color}) ${strength}%, transparent)` }}
            title={`true ${names[at]}, predicted ${names[place] ?? place}: ${count} (${share})`}
          >
            {count ? number(count) : ""}
          </td>
        );
      })}
    </tr>
  );
}
