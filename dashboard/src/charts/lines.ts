/** Series of the server as lines of a chart: pure functions. */

import type { Columns } from "../api/packed";
import type { GroupLine } from "../api/types";

export type XAxis = "step" | "relative" | "time" | (string & {});
/** `step`, `relative` (seconds since the run began), `time` (wall clock), or `key:` and the name of a logged metric. */

export interface Line {
  id: string;
  label: string;
  color: string;
  x: number[];
  y: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** What was logged, where `y` is smoothed. */
  raw: (number | null)[] | null;
  /** Where values were not finite. */
  broken: number[];
  width?: number;
  dash?: number[];
  /** Colours of dots at the points, instead of a line between them. */
  dots?: string[];
  /** A mark at the line's end, with what it means. */
  end?: { color: string; text: string };
  /** How many runs a band stands for, at each place. */
  counts?: number[];
}

/** Returns the values at `wanted` places of the polyline through (x, y); null outside of it. All rising in x. */
export function interpolated(wanted: number[], x: number[], y: number[]): (number | null)[] {
  let at = 0;
  return wanted.map((place) => {
    if (!x.length || place < x[0]! || place > x[x.length - 1]!) return null;
    while (at > 0 && x[at]! > place) at--;
    while (at < x.length - 2 && x[at + 1]! < place) at++;
    const x0 = x[at]!;
    const x1 = x[at + 1] ?? x0;
    const y0 = y[at]!;
    return x1 === x0 ? y0 : y0 + ((y[at + 1]! - y0) * (place - x0)) / (x1 - x0);
  });
}

interface Name {
  id: string;
  label: string;
  color: string;
}

/** Returns a series as a line. */
export function toLine(columns: Columns, name: Name, smoothing = 0): Line {
  const isSmooth = smoothing > 0;
  return {
    ...name,
    x: columns.x,
    y: isSmooth ? smoothed(columns.x, columns.mean, smoothing) : columns.mean,
    raw: isSmooth ? columns.mean : null,
    low: columns.minimum,
    high: columns.maximum,
    broken: columns.broken.map((at) => columns.x[at]!),
  };
}

/** Returns several series as one line: their mean, with their minimum and maximum as a band and the count at each x. */
export function toBand(columns: GroupLine, name: Name, smoothing = 0): Line {
  return {
    ...name,
    x: columns.x,
    y: smoothing > 0 ? smoothed(columns.x, columns.mean, smoothing) : columns.mean,
    raw: null,
    low: columns.minimum,
    high: columns.maximum,
    broken: [],
    counts: columns.counts,
  };
}

/**
 * Returns `y` as an exponential moving average whose memory is measured along x, corrected for its start, so that
 * unevenly spaced points are smoothed evenly. `weight` from 0 (nothing) to 1.
 */
export function smoothed(x: number[], y: (number | null)[], weight: number): (number | null)[] {
  const range = (x[x.length - 1] ?? 0) - (x[0] ?? 0);
  if (weight <= 0 || range <= 0) return y;
  const usual = range / (x.length - 1);
  let sum = 0;
  let mass = 0;
  let before = x[0]!;
  return y.map((value, at) => {
    if (value === null) return null;
    const kept = weight ** ((x[at]! - before) / usual);
    before = x[at]!;
    sum = sum * kept + value;
    mass = mass * kept + 1;
    return sum / mass;
  });
}

/** Returns the index of the value nearest to `place` in a rising array; -1 in an empty one. */
export function nearest(x: number[], place: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! < place) low = middle;
    else high = middle;
  }
  if (high < 0) return -1;
  return Math.abs(x[low]! - place) <= Math.abs(x[high]! - place) ? low : high;
}

/** Returns the lines as text of comma-separated values, one row a point. */
export function toCsv(lines: Line[], xName: string, yName: string): string {
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = lines.flatMap((line) =>
    line.x.map((x, at) =>
      [line.label, x, line.y[at], line.low[at], line.high[at]].map((value) => quoted(String(value ?? ""))).join(","),
    ),
  );
  return [["run", xName, yName, "minimum", "maximum"].map(quoted).join(","), ...rows].join("\n");
}
