/** Unfolded groups: which row of the table is the head of a group, and which is another rank of one. Pure functions. */

/** An unfolded group: the place of its head among the heads, and the rows below it. */
export interface Open<Row> {
  at: number;
  rows: Row[];
}

/** Returns the number of rows: the heads, and the rows below the unfolded ones. */
export function lengthOf<Row>(heads: number, open: Open<Row>[]): number {
  return heads + open.reduce((sum, one) => sum + one.rows.length, 0);
}

/** Returns what the row at `index` is: a head, by its place, or a row below one. `open` must be sorted by place. */
export function placeOf<Row>(index: number, open: Open<Row>[]): { head: number } | { row: Row; head: number } {
  let before = 0;
  for (const { at, rows } of open) {
    const first = at + before + 1; // the index of the first row below this head
    if (index < first) break;
    const row = rows[index - first];
    if (row !== undefined) return { row, head: at };
    before += rows.length;
  }
  return { head: index - before };
}
