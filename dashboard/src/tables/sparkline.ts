/** The places of a small chart's points. Pure functions. */

export const WIDTH = 96;
export const HEIGHT = 22;
const MARGIN = 2;

export type Point = readonly [x: number, y: number];

export interface Sparkline {
  /** The points' places in the drawing. */
  places: Point[];
  first: number;
  last: number;
  low: number;
  high: number;
}

/** Returns the drawing of a series; null if it has no points. Equal values lie in the middle. */
export function sparkline(points: Point[]): Sparkline | null {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return null;
  const ys = points.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scaled = (part: number, size: number) =>
    Number.isFinite(part) ? MARGIN + part * (size - 2 * MARGIN) : size / 2;
  const places = points.map(
    ([x, y]): Point => [
      scaled((x - first[0]) / (last[0] - first[0]), WIDTH),
      scaled(1 - (y - low) / (high - low), HEIGHT),
    ],
  );
  return { places, first: first[1], last: last[1], low, high };
}
