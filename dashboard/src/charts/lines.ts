/** Series of the server as lines of a chart: pure functions. */

import type { Bucket, Series } from "../base/api";

export type XAxis = "step" | "relative" | "time" | (string & {});
/** `step`, `relative` (seconds since the run began), `time` (wall clock), or the key of a logged metric. */

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

export interface Shape {
  xAxis: XAxis;
  smoothing: number;
}

/** Returns a line's places on the x axis; null where a metric has no value there. */
export function places(buckets: Bucket[], xAxis: XAxis, created: number, along: Series | null): (number | null)[] {
  if (xAxis === "step") return buckets.map((bucket) => bucket.step);
  if (xAxis === "time") return buckets.map((bucket) => bucket.time);
  if (xAxis === "relative") return buckets.map((bucket) => bucket.time - created);
  const known = (along?.buckets ?? []).filter((bucket) => bucket.mean !== null);
  return interpolated(
    buckets.map((bucket) => bucket.step),
    known.map((bucket) => bucket.step),
    known.map((bucket) => bucket.mean as number),
  );
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

/** Returns a series as a line; `along` is the series of the metric on the x axis, where one is. */
export function toLine(
  series: Series,
  look: { id: string; label: string; color: string; created: number },
  shape: Shape,
  along: Series | null = null,
): Line {
  const x = places(series.buckets, shape.xAxis, look.created, along);
  let rows = series.buckets.map((bucket, at) => ({ bucket, x: x[at]! })).filter((row) => row.x !== null);
  if (shape.xAxis !== "step") rows = rows.sort((a, b) => a.x - b.x);
  const xs = rows.map((row) => row.x);
  const y = rows.map((row) => row.bucket.mean);
  const isSmooth = shape.smoothing > 0;
  return {
    ...look,
    x: xs,
    y: isSmooth ? smoothed(xs, y, shape.smoothing) : y,
    raw: isSmooth ? y : null,
    low: rows.map((row) => row.bucket.minimum),
    high: rows.map((row) => row.bucket.maximum),
    broken: rows.filter((row) => row.bucket.nonfinite > 0).map((row) => row.x),
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

/** Returns several lines as one: their mean, and their minimum and maximum as a band, with the count at each place. */
export function band(lines: Line[], look: { id: string; label: string; color: string }, most = 600): Line {
  const all = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(all.length / most));
  const x = all.filter((_, at) => at % every === 0 || at === all.length - 1);
  const values = lines.map((line) => {
    const at = line.x.flatMap((_, index) => (line.y[index] === null ? [] : [index]));
    return interpolated(
      x,
      at.map((index) => line.x[index]!),
      at.map((index) => line.y[index] as number),
    );
  });
  const columns = x.map((_, at) => values.map((row) => row[at]).filter((value) => value !== null) as number[]);
  const nothing = (column: number[]) => column.length === 0;
  return {
    ...look,
    x,
    y: columns.map((column) => (nothing(column) ? null : column.reduce((sum, value) => sum + value, 0) / column.length)),
    low: columns.map((column) => (nothing(column) ? null : Math.min(...column))),
    high: columns.map((column) => (nothing(column) ? null : Math.max(...column))),
    raw: null,
    broken: [...new Set(lines.flatMap((line) => line.broken))],
    counts: columns.map((column) => column.length),
  };
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
    line.x.map((x, at) => [line.label, x, line.y[at], line.low[at], line.high[at]].map((value) => quoted(String(value ?? ""))).join(",")),
  );
  return [["run", xName, yName, "minimum", "maximum"].map(quoted).join(","), ...rows].join("\n");
}
