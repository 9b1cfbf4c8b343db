/** What tables, their heads and their columns share. */

import type { ComponentChildren } from "preact";

export interface Column<Row> {
  id: string;
  title: string;
  /** The full title, if `title` is short for something. */
  hint?: string;
  width: number;
  /** What the head shows instead of the title. */
  head?: ComponentChildren;
  cell: (row: Row) => ComponentChildren;
  /** Returns the comparison that finds rows with the same value; null: there is none. */
  filter?: (row: Row) => string | null;
  isNumber?: boolean;
  isSortable?: boolean;
  /** Whether the first click sorts from high to low. Without it, that depends on `isNumber`. */
  isDownFirst?: boolean;
  isPinned?: boolean;
  /** Its head can be dragged to another place, and its edge to another width. */
  isMovable?: boolean;
  /** Its width was chosen, so it takes no share of the remaining width. */
  isSized?: boolean;
}

/** Puts a column before or behind another one. */
export type MoveColumn = (id: string, to: string, isBehind: boolean) => void;

/** Sets a column's width in pixels; null restores its own width. */
export type ResizeColumn = (id: string, width: number | null) => void;

export const LEAST_COLUMN_PX = 44;
export const MOST_COLUMN_PX = 900;

/** Returns a width that a column may have. */
export function columnWidth(width: number): number {
  return Math.round(Math.min(MOST_COLUMN_PX, Math.max(LEAST_COLUMN_PX, width)));
}
