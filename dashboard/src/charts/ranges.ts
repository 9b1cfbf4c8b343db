/** Which stretch of each axis a chart shows. Pure functions. */

import type { Line } from "./lines";
import { isDrawn, type Look } from "./look";

type Range = [number, number];

/** How much room a y axis leaves at both ends, as a part of its range; on a logarithmic axis, as a factor. */
const ROOM = 0.05;
const LOG_ROOM = 1.15;
/** How much of the x axis is shown around a single point: of the wall clock in seconds, of other axes. */
const CLOCK_ROOM_S = 30;
const POINT_ROOM = 0.5;
/** Without outliers, the highest and the lowest 2 % are left out. */
const OUTER = 0.02;

/** Returns the zoom, else the stretch from the first to the last point of all lines. */
export function xRange(lines: Line[], look: Look): Range {
  if (look.zoom) return look.zoom;
  const ends = lines.flatMap(({ x }): Range[] => {
    const first = look.isLogX ? x.find((value) => value > 0) : x[0];
    const last = x.at(-1);
    return first === undefined || last === undefined ? [] : [[first, last]];
  });
  if (!ends.length) return look.isLogX ? [1, 10] : [0, 1];
  const low = Math.min(...ends.map(([first]) => first));
  const high = Math.max(...ends.map(([, last]) => last));
  if (low < high) return [low, high];
  const room = look.xAxis === "time" ? CLOCK_ROOM_S : POINT_ROOM;
  return look.isLogX ? [low / LOG_ROOM, high * LOG_ROOM] : [low - room, high + room];
}

/** Returns the range of all values within the x range, with a little room; without outliers, of all but the outermost. */
export function yRange(lines: Line[], look: Look): Range {
  if (look.yRange) return look.yRange;
  const seen = look.hasOutliers ? extent(lines, look) : quantiles(lines, look);
  if (!seen) return look.isLogY ? [0.1, 1] : [0, 1];
  let [low, high] = seen;
  if (look.isLogY) return [low / LOG_ROOM, high * LOG_ROOM];
  if (low === high) [low, high] = [low - (Math.abs(low) * ROOM || 0.5), high + (Math.abs(high) * ROOM || 0.5)];
  const room = (high - low) * ROOM;
  return [low >= 0 && low < room * 2 ? 0 : low - room, high + room];
}

/** Calls `take` with every value that is visible. */
function visit(lines: Line[], look: Look, take: (value: number) => void): void {
  const [from, to] = xRange(lines, look);
  for (const line of lines) {
    for (const source of sources(line, look)) {
      // charts of a thousand lines have a million values: an index is several times as fast as an iterator
      for (let at = 0; at < source.length; at++) {
        const value = source[at];
        const x = line.x[at] ?? Number.NaN;
        if (isDrawn(value, look.isLogY) && x >= from && x <= to) take(value);
      }
    }
  }
}

/** Returns the columns of a line that are drawn. */
function sources(line: Line, { hasEnvelope }: Look): (number | null)[][] {
  if (line.low === line.high && line.raw === null) return [line.y];
  if (hasEnvelope || line.counts) return [line.y, line.low, line.high];
  return line.raw ? [line.y, line.raw] : [line.y];
}

function extent(lines: Line[], look: Look): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  visit(lines, look, (value) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return low > high ? null : [low, high];
}

function quantiles(lines: Line[], look: Look): Range | null {
  const seen: number[] = [];
  visit(lines, look, (value) => seen.push(value));
  const sorted = Float64Array.from(seen).sort();
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] ?? 0;
  return seen.length ? [at(OUTER), at(1 - OUTER)] : null;
}
