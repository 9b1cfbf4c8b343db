/** What stretch of each axis a chart shows. Pure functions. */

import type { Line } from "./lines";
import type { Look } from "./look";

/** Returns the zoom, else from the first to the last point of all lines. */
export function xRange(lines: Line[], look: Look): [number, number] {
  if (look.zoom) return look.zoom;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const first = look.isLogX ? line.x.find((x) => x > 0) : line.x[0];
    if (first === undefined) continue;
    low = Math.min(low, first);
    high = Math.max(high, line.x[line.x.length - 1]!);
  }
  if (low > high) return look.isLogX ? [1, 10] : [0, 1];
  return low === high ? [low * 0.999 - (look.isLogX ? 0 : 0.5), high * 1.001 + 0.5] : [low, high];
}

/** Returns what holds all values within the x range, with a little room; without outliers, all but the outermost. */
export function yRange(lines: Line[], look: Look): [number, number] {
  if (look.yRange) return look.yRange;
  const seen = look.hasOutliers ? extent(lines, look) : quantiles(lines, look);
  const { isLogY } = look;
  if (!seen) return isLogY ? [0.1, 1] : [0, 1];
  let [low, high] = seen;
  if (isLogY) return [low / 1.15, high * 1.15];
  if (low === high) [low, high] = [low - (Math.abs(low) * 0.05 || 0.5), high + (Math.abs(high) * 0.05 || 0.5)];
  const room = (high - low) * 0.05;
  return [low >= 0 && low < room * 2 ? 0 : low - room, high + room];
}

type Range = [number, number] | null;

/** Calls `take` with every value that is to be seen. */
function visit(lines: Line[], look: Look, take: (value: number) => void): void {
  const [from, to] = xRange(lines, look);
  for (const line of lines) {
    const { x } = line;
    for (const source of sources(line, look)) {
      for (let at = 0; at < source.length; at++) {
        const value = source[at];
        if (value == null || (look.isLogY && value <= 0) || x[at]! < from || x[at]! > to) continue;
        take(value);
      }
    }
  }
}

/** Returns which columns of a line are drawn. */
function sources(line: Line, { hasEnvelope }: Look): (number | null)[][] {
  if (line.low === line.high && line.raw === null) return [line.y];
  if (hasEnvelope || line.counts) return [line.y, line.low, line.high];
  return line.raw ? [line.y, line.raw] : [line.y];
}

function extent(lines: Line[], look: Look): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  visit(lines, look, (value) => {
    if (value < low) low = value;
    if (value > high) high = value;
  });
  return low > high ? null : [low, high];
}

/** Returns the range that leaves the highest and the lowest 2 % out. */
function quantiles(lines: Line[], look: Look): Range {
  const seen: number[] = [];
  visit(lines, look, (value) => seen.push(value));
  if (!seen.length) return null;
  const sorted = Float64Array.from(seen).sort();
  const place = (part: number) => sorted[Math.round(part * (sorted.length - 1))]!;
  return [place(0.02), place(0.98)];
}
