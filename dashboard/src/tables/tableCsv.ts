/** Rows of the runs table as CSV. Pure functions. */

import type { RunRow } from "../api/types";
import { exact } from "../base/format";

/** Returns a header and a line for each row; values are whole, not rounded. */
export function tableCsv(columns: string[], rows: RunRow[]): string {
  const lines = rows.map((row) => columns.map((column) => csvCell(row[column])).join(","));
  return [columns.map(csvCell).join(","), ...lines].join("\n");
}

function csvCell(given: unknown): string {
  if (given === null || given === undefined) return "";
  const text = typeof given === "object" ? JSON.stringify(given) : exact(given);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
