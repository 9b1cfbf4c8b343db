/** Groups folded open: which row of the table is a group's head and which one of its other ranks. Pure functions. */

/** A head that is open, by its place among the heads, and the rows that stand below it. */
export interface Open<Row> {
  at: number;
  rows: Row[];
}

/** Returns the rows that are shown in all: heads and what stands below the open ones. */
export function lengthOf<Row>(heads: number, open: Open<Row>[]): number {
  return heads + open.reduce((sum, one) => sum + one.rows.length, 0);
}

/** Returns what the `index`-th shown row is: a head by its place, or a row below one. `open` is sorted by place. */
export function placeOf<Row>(index: number, open: Open<Row>[]): { head: number } | { row: Row; head: number } {
  let before = 0;
  for (const { at, rows } of open) {
    const first = at + before + 1; // where the rows below this head begin
    if (index < first) break;
    const row = rows[index - first];
    if (row !== undefined) return { row, head: at };
    before += rows.length;
  }
  return { head: index - before };
}
