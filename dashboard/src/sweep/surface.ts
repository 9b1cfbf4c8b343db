/** From trials to a surface over two parameters: places on axes, and means of near trials. Pure functions. */

import { number } from "../base/format";
import { logTicks, roundTicks } from "../base/ticks";
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
  /** How near the nearest trial is, from 0 to 1. */
  trust: number;
}

const EDGE = 0.05;
const TICKS = 4;
/** How far a trial reaches, as a part of the axes: the fewer there are, the further. */
const reach = (count: number) => Math.min(0.3, Math.max(0.07, 0.6 / Math.sqrt(count)));

export interface Tick {
  text: string;
  place: number;
}

/** What is needed of a parameter, or of the objective, to be an axis. */
export type Axis = Pick<Parameter, "isLog" | "choices">;

/** Returns each value's place on an axis, from 0 to 1, null where it has none; and the axis's ticks, evenly spread. */
export function placeOn(parameter: Axis, values: unknown[]): { places: (number | null)[]; ticks: Tick[] } {
  const inner = (part: number) => EDGE + (1 - 2 * EDGE) * part;
  if (parameter.choices.length) {
    const { choices } = parameter;
    const place = (value: unknown) => {
      const at = choices.indexOf(String(value));
      return at < 0 ? null : (at + 0.5) / choices.length;
    };
    return {
      places: values.map(place),
      ticks: choices.map((text, at) => ({ text, place: (at + 0.5) / choices.length })),
    };
  }
  const scale = parameter.isLog ? Math.log : (value: number) => value;
  const back = parameter.isLog ? Math.exp : (value: number) => value;
  const usable = (value: unknown): value is number => typeof value === "number" && Number.isFinite(scale(value));
  const scaled = values.filter(usable).map(scale);
  const [low, high] = [Math.min(...scaled), Math.max(...scaled)];
  const span = high - low || 1;
  const rounds = !scaled.length
    ? []
    : parameter.isLog
      ? logTicks(back(low), back(high), TICKS + 1)
      : roundTicks(low, high, TICKS);
  const ticks = rounds.map((value): Tick => ({ text: number(value, 6), place: inner((scale(value) - low) / span) }));
  return { places: values.map((value) => (usable(value) ? inner((scale(value) - low) / span) : null)), ticks };
}

/** How much of a choice's room its trials are spread over, so that many of one value are seen as many. */
const SPREAD = 0.5;
const GOLDEN = 0.618034;

/** Returns where a trial's dot is drawn: aside of its value's place where the axis is of choices, always as far. */
export function spreadOn(parameter: Axis, place: number, trial: number): number {
  if (!parameter.choices.length) return place;
  return place + ((((trial * GOLDEN) % 1) - 0.5) * SPREAD) / parameter.choices.length;
}

/** Few shades are read as lines of equal height; a smooth slope is not. */
const BANDS = 12;
/** Where no trial is near, the mean of all is shown. */
const LEAST_WEIGHT = 1e-12;
const banded = (value: number, bands: number) => Math.round(value * bands) / bands;

/** Returns for each cell the mean of all values, each weighted by how near it is (a Gaussian kernel). */
export function field(dots: Dot[], columns: number, rows: number): Cell[] {
  if (!dots.length) return [];
  const near = reach(dots.length);
  const weightsAt = (place: number, count: number) =>
    Float64Array.from({ length: count }, (_, at) => Math.exp(-(((place - (at + 0.5) / count) / near) ** 2)));
  const sums = new Float64Array(columns * rows);
  const weights = new Float64Array(columns * rows);
  const nearest = new Float64Array(columns * rows);
  for (const { x, y, value } of dots) {
    const across = weightsAt(x, columns); // the kernel of both is the product of the kernels of each
    const up = weightsAt(y, rows);
    for (let row = 0, cell = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, cell++) {
        const weight = across[column]! * up[row]! + LEAST_WEIGHT;
        sums[cell]! += weight * value;
        weights[cell]! += weight;
        if (weight > nearest[cell]!) nearest[cell] = weight;
      }
    }
  }
  return Array.from(sums, (sum, cell) => ({
    column: cell % columns,
    row: Math.floor(cell / columns),
    value: banded(sum / weights[cell]!, BANDS),
    trust: nearest[cell]!,
  }));
}
