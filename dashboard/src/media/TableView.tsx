/** A logged table. */

import { value } from "../base/format";
import { Scroll } from "../base/Scroll";

export interface TableContent {
  columns: string[];
  rows: unknown[][];
}

const MOST_ROWS = 200;

export function TableView({ columns, rows }: TableContent) {
  const kinds = columns.map((_, at) => (rows.every((row) => typeof row[at] === "number") ? "number" : ""));
  return (
    <Scroll label="Table">
      <table class="plain-table">
        <thead>
          <tr>
            {columns.map((name, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name, and never change places
              <th key={at} class={kinds[at]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name, and never change places
            <tr key={at}>
              {row.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <td key={place} class={kinds[place]}>
                  {value(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p class="soft">
          the first {MOST_ROWS} of {rows.length} rows
        </p>
      )}
    </Scroll>
  );
}
