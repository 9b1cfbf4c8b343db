/** Several runs as one line with a band. Pure functions. */

import type { GroupLine } from "../api/types";
import { type Line, smoothed } from "./lines";

export const CENTERS = ["mean", "median", "count"] as const;
export const SPREADS = ["min–max", "std", "std error", "none"] as const;

/** What a line of several runs shows: its centre, and how far its band reaches. */
export interface Summary {
  center: (typeof CENTERS)[number];
  spread: (typeof SPREADS)[number];
}

export const USUAL_SUMMARY: Summary = { center: "mean", spread: "min–max" };

type Column = (number | null)[];

/** Returns several series as one line. The band is as wide as `spread` says, and each place knows its number of runs. */
export function toBand(
  columns: GroupLine,
  name: Pick<Line, "id" | "label" | "color">,
  { center, spread }: Summary = USUAL_SUMMARY,
  smoothing = 0,
): Line {
  const y = center === "count" ? columns.counts : columns[center];
  const [low, high] = center === "count" ? [y, y] : edges(columns, y, spread);
  return {
    ...name,
    x: columns.x,
    y: smoothing > 0 ? smoothed(columns.x, y, smoothing) : y,
    raw: smoothing > 0 ? y : null,
    ...{ low, high },
    broken: [],
    counts: columns.counts,
  };
}

function edges(columns: GroupLine, y: Column, spread: Summary["spread"]): [low: Column, high: Column] {
  if (spread === "none") return [y, y];
  if (spread === "min–max") return [columns.minimum, columns.maximum];
  const reach = columns.deviation.map((deviation, at) => {
    const count = columns.counts[at] ?? 1;
    return deviation === null ? null : spread === "std" ? deviation : deviation / Math.sqrt(count);
  });
  const shifted = (sign: 1 | -1): Column =>
    y.map((value, at) => (value === null ? null : value + sign * (reach[at] ?? 0)));
  return [shifted(-1), shifted(1)];
}
