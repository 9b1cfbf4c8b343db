/** Where the columns of a table are. Pure functions. */

import type { Column } from "./types";

export interface Layout {
  /** The CSS grid's columns. */
  template: string;
  /** The least width of all columns together, in pixels. */
  width: number;
  cellClass: (column: number) => string;
  cellStyle: (column: number) => Record<string, string>;
}

export function layoutOf<Row>(columns: Column<Row>[]): Layout {
  const lefts = pinnedLefts(columns);
  return {
    template: columns.map(trackOf).join(" "),
    width: columns.reduce((sum, column) => sum + column.width, 0),
    cellClass: (at) => `cell${columns[at]?.isNumber ? " number" : ""}${lefts[at] === undefined ? "" : " pinned"}`,
    cellStyle: (at) => (lefts[at] === undefined ? {} : { left: `${lefts[at]}px` }),
  };
}

function trackOf<Row>({ width, isPinned, isSized, isNumber }: Column<Row>): string {
  return isPinned || isSized ? `${width}px` : `minmax(${width}px, ${isNumber ? 0.6 : 1}fr)`;
}

/** Returns where each pinned column stays, in pixels from the left; undefined for the others. */
function pinnedLefts<Row>(columns: Column<Row>[]): (number | undefined)[] {
  let left = 0;
  return columns.map((column) => {
    if (!column.isPinned) return undefined;
    const own = left;
    left += column.width;
    return own;
  });
}
