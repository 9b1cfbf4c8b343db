/** Computes a surface over two parameters: positions on axes, and means of nearby trials. Pure functions. */

import { number } from "../base/format";
import { logTicks, roundTicks } from "../base/ticks";
import { distinctTexts, tickTexts } from "../base/tickTexts";
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
  /** How near the nearest trial is: 1 at its place, towards 0 far from it. */
  trust: number;
}

export interface Tick {
  text: string;
  /** From 0 to 1 along the axis. */
  place: number;
}

/** What an axis needs to know about a parameter, or about the objective. */
export type Axis = Pick<Parameter, "isLog" | "choices">;

export interface Placed {
  /** Where each value is, from 0 to 1; null if it is nowhere on the axis. */
  places: (number | null)[];
  ticks: Tick[];
}

/** The part of an axis at each end that no value reaches. */
const EDGE = 0.05;
const TICKS = 4;

/** Returns the place of each value on an axis, and the axis's ticks. */
export function placeOn(axis: Axis, values: unknown[]): Placed {
  return axis.choices.length ? placeChoices(axis.choices, values) : placeNumbers(axis.isLog, values);
}

function placeChoices(choices: string[], values: unknown[]): Placed {
  const middle = (at: number) => (at + 0.5) / choices.length;
  return {
    places: values.map((value) => {
      const at = choices.indexOf(String(value));
      return at < 0 ? null : middle(at);
    }),
    ticks: choices.map((text, at) => ({ text, place: middle(at) })),
  };
}

function placeNumbers(isLog: boolean, values: unknown[]): Placed {
  const scale = isLog ? Math.log : (value: number) => value;
  const back = isLog ? Math.exp : (value: number) => value;
  const isUsable = (value: unknown): value is number => typeof value === "number" && Number.isFinite(scale(value));
  const scaled = values.filter(isUsable).map(scale);
  const [low, high] = [Math.min(...scaled), Math.max(...scaled)];
  const span = high - low || 1;
  const place = (value: number) => EDGE + (1 - 2 * EDGE) * ((scale(value) - low) / span);
  const rounds = isLog ? logTicks(back(low), back(high), TICKS + 1) : roundTicks(low, high, TICKS);
  const texts = isLog ? distinctTexts(rounds, (value) => number(value, 6)) : tickTexts(rounds);
  return {
    places: values.map((value) => (isUsable(value) ? place(value) : null)),
    ticks: scaled.length ? rounds.map((value, at) => ({ text: texts[at] ?? "", place: place(value) })) : [],
  };
}

/** The part of a choice's room over which its trials are spread, so that many trials of one value look like many. */
const SPREAD = 0.5;
/** Multiples of the golden ratio, modulo 1, are spread evenly however many there are. */
const GOLDEN = 0.618034;

/** Returns where the dot of a trial is drawn: beside the place of its value if the axis has choices, always the same. */
export function spreadOn(axis: Axis, place: number, trial: number): number {
  if (!axis.choices.length) return place;
  return place + ((((trial * GOLDEN) % 1) - 0.5) * SPREAD) / axis.choices.length;
}

/** The values are drawn in this many shades: few shades read as contour lines, a smooth slope does not. */
const BANDS = 12;
/** The weight of a trial everywhere, so that the mean of all is shown where none is near. */
const LEAST_WEIGHT = 1e-12;

/** Returns how far a trial reaches, as a part of the axes: the fewer there are, the further. */
function reachOf(count: number): number {
  return Math.min(0.3, Math.max(0.07, 0.6 / Math.sqrt(count)));
}

/** Returns the Gaussian kernel around `place`, at the centre of each of `count` cells. */
function kernel(place: number, count: number, reach: number): Float64Array {
  return Float64Array.from({ length: count }, (_, at) => Math.exp(-(((place - (at + 0.5) / count) / reach) ** 2)));
}

/**
 * Returns for each cell the mean of all values, each weighted by how near it is.
 *
 * This is the Nadaraya-Watson estimator with a Gaussian kernel. The kernel over both axes is the product of the
 * kernels over each.
 */
export function field(dots: Dot[], columns: number, rows: number): Cell[] {
  if (!dots.length) return [];
  const reach = reachOf(dots.length);
  const sums = new Float64Array(columns * rows);
  const weights = new Float64Array(columns * rows);
  const nearest = new Float64Array(columns * rows);
  for (const { x, y, value } of dots) {
    const across = kernel(x, columns, reach);
    for (const [row, up] of kernel(y, rows, reach).entries()) {
      for (let column = 0; column < columns; column++) {
        const cell = row * columns + column;
        const weight = (across[column] ?? 0) * up + LEAST_WEIGHT;
        sums[cell] = (sums[cell] ?? 0) + weight * value;
        weights[cell] = (weights[cell] ?? 0) + weight;
        nearest[cell] = Math.max(nearest[cell] ?? 0, weight);
      }
    }
  }
  return Array.from(sums, (sum, cell) => ({
    column: cell % columns,
    row: Math.floor(cell / columns),
    value: Math.round((sum / (weights[cell] ?? 1)) * BANDS) / BANDS,
    trust: nearest[cell] ?? 0,
  }));
}
