/** From trials to a surface over two parameters: places on axes, and means of near trials. Pure functions. */

import { number } from "../base/format";
import type { Parameter } from "./score";

export interface Dot {
  x: number;
  y: number;
  value: number;
}

export interface Cell {
  column: number;
  row: number;
  value: number;
  /** Whether a trial is near. */
  isTrusted: boolean;
}

const EDGE = 0.05;
const TICKS = 4;
/** How far a trial reaches, as a part of the axes: the fewer there are, the further. */
const reach = (count: number) => Math.min(0.3, Math.max(0.07, 0.6 / Math.sqrt(count)));

/** Returns each value's place on an axis, from 0 to 1, null where it has none; and the axis's ticks, evenly spread. */
export function placeOn(parameter: Parameter, values: unknown[]): { places: (number | null)[]; ticks: string[] } {
  const inner = (part: number) => EDGE + (1 - 2 * EDGE) * part;
  if (parameter.choices.length) {
    const { choices } = parameter;
    const place = (value: unknown) => {
      const at = choices.indexOf(String(value));
      return at < 0 ? null : (at + 0.5) / choices.length;
    };
    return { places: values.map(place), ticks: choices };
  }
  const scale = parameter.isLog ? Math.log : (value: number) => value;
  const back = parameter.isLog ? Math.exp : (value: number) => value;
  const usable = (value: unknown): value is number => typeof value === "number" && Number.isFinite(scale(value));
  const scaled = values.filter(usable).map(scale);
  const [low, high] = [Math.min(...scaled), Math.max(...scaled)];
  const span = high - low || 1;
  const ticks = scaled.length ? Array.from({ length: TICKS }, (_, at) => number(back(low + (span * at) / (TICKS - 1)), 3)) : [];
  return { places: values.map((value) => (usable(value) ? inner((scale(value) - low) / span) : null)), ticks };
}

/** Few shades are read as lines of equal height; a smooth slope is not. */
const BANDS = 12;
/** Where no trial weighs more than this, there is little to say. */
const LEAST_WEIGHT = 0.2;
const banded = (value: number, bands: number) => Math.round(value * bands) / bands;

/** Returns for each cell the mean of all values, each weighted by how near it is (a Gaussian kernel). */
export function field(dots: Dot[], columns: number, rows: number): Cell[] {
  const cells: Cell[] = [];
  if (!dots.length) return cells;
  const near = reach(dots.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = [(column + 0.5) / columns, (row + 0.5) / rows];
      let [sum, weights, nearest] = [0, 0, 0];
      for (const dot of dots) {
        const weight = Math.exp(-((dot.x - x) ** 2 + (dot.y - y) ** 2) / near ** 2) + 1e-12;
        sum += weight * dot.value;
        weights += weight;
        nearest = Math.max(nearest, weight);
      }
      cells.push({ column, row, value: banded(sum / weights, BANDS), isTrusted: nearest > LEAST_WEIGHT });
    }
  }
  return cells;
}
