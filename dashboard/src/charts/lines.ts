/** The server's series as lines of a chart. Pure functions. */

import type { Columns } from "../api/packed";

/** `step`, `relative` (seconds since the run started), `time` (wall clock), or `key:` and the name of a logged metric. */
export type XAxis = "step" | "relative" | "time" | (string & {});

export interface Line {
  id: string;
  label: string;
  color: string;
  x: number[];
  y: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** What was logged, if `y` is smoothed. */
  raw: (number | null)[] | null;
  /** The last logged value, if the line ends with it: that of the last point is a mean if there are many points. */
  last?: unknown;
  /** The places on the x axis of values that were not finite. */
  broken: number[];
  width?: number;
  dash?: number[];
  /** Colours of dots at the points, instead of a line between them. */
  dots?: string[];
  /** What each dot stands for, if each is pointed at and clicked on its own. */
  points?: Pick<Line, "id" | "label">[];
  /** A mark at the line's end, and what it means. */
  end?: { color: string; text: string };
  /** How many runs a band stands for, at each place. */
  counts?: number[];
}

/**
 * Returns the values at `wanted` places of the polyline through (x, y); null outside of it.
 *
 * `wanted` and `x` must be in ascending order.
 */
export function interpolated(wanted: number[], x: number[], y: number[]): (number | null)[] {
  let at = 0;
  const first = x[0];
  const last = x.at(-1);
  return wanted.map((place) => {
    if (first === undefined || last === undefined || place < first || place > last) return null;
    while (at < x.length - 2 && (x[at + 1] ?? last) < place) at++;
    const [x0 = first, x1 = x0] = x.slice(at, at + 2);
    const [y0 = 0, y1 = y0] = y.slice(at, at + 2);
    return x1 === x0 ? y0 : y0 + ((y1 - y0) * (place - x0)) / (x1 - x0);
  });
}

/** Returns where a value has no neighbour: a line would not show it. */
export function lonePoints(y: (number | null)[]): number[] {
  const found: number[] = [];
  // charts of a thousand lines have a million values: an index is several times as fast as an iterator
  for (let at = 0; at < y.length; at++) {
    const isLone = (y[at - 1] ?? null) === null && (y[at + 1] ?? null) === null;
    if (isLone && y[at] !== null) found.push(at);
  }
  return found;
}

type Name = Pick<Line, "id" | "label" | "color">;

/** Returns a series as a line. `smoothing`: the weight of the moving average. */
export function toLine(columns: Columns, name: Name, smoothing = 0): Line {
  const isSmooth = smoothing > 0;
  return {
    ...name,
    x: columns.x,
    y: isSmooth ? smoothed(columns.x, columns.mean, smoothing) : columns.mean,
    raw: isSmooth ? columns.mean : null,
    low: columns.minimum,
    high: columns.maximum,
    broken: columns.broken.flatMap((at) => columns.x[at] ?? []),
  };
}

/**
 * Returns `y` as an exponential moving average.
 *
 * Its memory is measured along x, so that unevenly spaced points are smoothed evenly, and it is corrected for its
 * start. `weight`: from 0 (no smoothing) to 1.
 */
export function smoothed(x: number[], y: (number | null)[], weight: number): (number | null)[] {
  const [first = 0] = x;
  const range = (x.at(-1) ?? 0) - first;
  if (weight <= 0 || range <= 0) return y;
  const usual = range / (x.length - 1);
  let sum = 0;
  let mass = 0;
  let before = first;
  return y.map((value, at) => {
    if (value === null) return null;
    const place = x[at] ?? before;
    const kept = weight ** ((place - before) / usual);
    before = place;
    sum = sum * kept + value;
    mass = mass * kept + 1;
    return sum / mass;
  });
}

/** Returns a dot of a line as a line of its own. */
export function pointLine(line: Line, at: number): Line {
  const { points, dots, ...whole } = line;
  const color = dots?.[at] ?? line.color;
  const only = <T>(values: T[]): T[] => values.slice(at, at + 1);
  const values = { x: only(line.x), y: only(line.y), low: only(line.low), high: only(line.high) };
  return { ...whole, ...points?.[at], ...values, color, dots: [color] };
}

/** Returns the line with an id, which may be that of a dot. */
export function lineWith(lines: Line[], id: string): Line | undefined {
  for (const line of lines) {
    if (line.id === id) return line;
    const at = line.points?.findIndex((point) => point.id === id) ?? -1;
    if (at >= 0) return pointLine(line, at);
  }
  return undefined;
}

/** Returns the index of the value nearest to `place` in an ascending array; -1 in an empty one. */
export function nearest(x: number[], place: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? place) < place) low = middle;
    else high = middle;
  }
  if (high < 0) return -1;
  const distance = (at: number) => Math.abs((x[at] ?? place) - place);
  return distance(low) <= distance(high) ? low : high;
}

/** Returns the lines as comma-separated values, one row for each point. */
export function toCsv(lines: Line[], xName: string, yName: string): string {
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const row = (values: (string | number | null | undefined)[]) =>
    values.map((value) => quoted(String(value ?? ""))).join(",");
  const isSmooth = lines.some((line) => line.raw);
  const rows = lines.flatMap((line) =>
    line.x.map((x, at) => {
      const logged = line.raw ?? line.y;
      const smooth = isSmooth ? [line.y[at]] : [];
      const { id, label } = line.points?.[at] ?? line;
      return row([label, id, x, logged[at], ...smooth, line.low[at], line.high[at]]);
    }),
  );
  const names = ["run", "id", xName, yName, ...(isSmooth ? [`${yName} (smoothed)`] : []), "minimum", "maximum"];
  return [row(names), ...rows].join("\n");
}
