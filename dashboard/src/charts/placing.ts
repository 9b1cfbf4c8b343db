/** Places of values on an axis, and the ticks of the axis. Pure functions. */

import { number } from "../base/format";
import { logTicks, roundTicks } from "../base/ticks";
import { distinctTexts, tickTexts } from "../base/tickTexts";

export interface Tick {
  text: string;
  /** From 0 to 1 along the axis. */
  place: number;
}

/** What an axis needs to know about what it shows. */
export interface Axis {
  isLog: boolean;
  /** The values of something that is not a number, or has only a few, in order. */
  choices: string[];
}

export interface Placed {
  /** Where each value is, from 0 to 1; null if it is nowhere on the axis. */
  places: (number | null)[];
  ticks: Tick[];
}

/** The part of an axis at each end that no value reaches. */
const EDGE = 0.05;
const TICKS = 5;

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
  const rounds = isLog ? logTicks(back(low), back(high), TICKS) : roundTicks(low, high, TICKS);
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

/** The height of a tick's text, in pixels. */
const TEXT_PX = 14;

/** Returns the ticks that fit into a length in pixels: with many choices only some of them. `each`: room of one text. */
export function fittingTicks(ticks: Tick[], length: number, each = TEXT_PX): Tick[] {
  const every = Math.max(1, Math.ceil((ticks.length * each) / Math.max(length, 1)));
  return ticks.filter((_, at) => at % every === 0);
}
