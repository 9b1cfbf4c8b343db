/** Round numbers for axes. Pure functions. */

import { ROUND_SECONDS } from "./format";

const ROUND = [1, 2, 5];
/** A logarithmic axis with fewer ticks than this gets the ticks of a linear one. */
const FEWEST = 3;

/** Returns about `most` evenly spaced round numbers from `low` to `high`. */
export function roundTicks(low: number, high: number, most: number): number[] {
  if (low === high) return [low];
  const rough = (high - low) / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * (ROUND.find((one) => one * size >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  );
}

/** Returns at most `most` ticks of a logarithmic axis: 1, 2 and 5, or powers of ten. `low` and `high` must be above 0. */
export function logTicks(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const isInside = (value: number) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const powers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const marks = powers.flatMap((power) => ROUND.map((one) => Number(`${one}e${power}`))).filter(isInside);
  if (marks.length < FEWEST) return roundTicks(low, high, most);
  if (marks.length <= most) return marks;
  const tens = powers.map((power) => Number(`1e${power}`)).filter(isInside);
  return tens.filter((_, at) => at % Math.ceil(tens.length / most) === 0);
}

const DAY_S = 86_400;
const MOST_DURATION_TICKS = 8;

/** Returns round durations from 0 to `whole`, in seconds. */
export function durationTicks(whole: number): number[] {
  const usual = ROUND_SECONDS.find((one) => whole / one <= MOST_DURATION_TICKS);
  const step = usual ?? Math.ceil(whole / MOST_DURATION_TICKS / DAY_S) * DAY_S;
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, at) => at * step);
}
