/** How much each parameter alone explains the results of a sweep. Pure functions. */

import type { Trial } from "../api/types";
import { paramsOf } from "./params";
import { hasObjective, type Parameter, type Sign } from "./score";

export interface Importance {
  name: string;
  /** The share of the objective's variation, in ranks, that the parameter alone explains: 0 to 1. */
  share: number;
  /** 1: a higher value is better, -1: a lower one, 0: neither, or one in the middle. */
  direction: number;
}

/** Minimum number of trials: fewer say nothing about a parameter. */
const LEAST_TRIALS = 3;
/** A relation counts as curved if bins explain this much more than a straight line. */
const CURVED = 0.05;
const MOST_BINS = 5;
const LEAST_BINS = 3;
const LEAST_IN_BIN = 5;

/**
 * Returns how much each parameter alone explains the objective, the most important parameter first.
 *
 * For numbers this is the square of Spearman's rank correlation, or the correlation ratio over bins if that is clearly
 * higher, which means that the best value is in the middle. For choices it is the correlation ratio of the ranks.
 * Interactions between parameters do not show.
 */
export function importance(trials: Trial[], parameters: Parameter[], direction: Sign): Importance[] {
  const scored = trials.filter(hasObjective).map((trial) => ({
    params: paramsOf(trial),
    objective: trial.objective * direction,
  }));
  return parameters
    .map(({ name, isNumeric }) => {
      const rows = scored.filter(({ params }) => params[name] !== undefined);
      const values = rows.map(({ params }) => params[name]);
      const objective = ranks(rows.map((row) => row.objective));
      return { name, ...(isNumeric ? ofNumbers(values as number[], objective) : ofChoices(values, objective)) };
    })
    .sort((a, b) => b.share - a.share);
}

type Explained = Omit<Importance, "name">;

function ofChoices(values: unknown[], objective: number[]): Explained {
  return { share: values.length < LEAST_TRIALS ? 0 : correlationRatio(values.map(String), objective), direction: 0 };
}

function ofNumbers(values: number[], objective: number[]): Explained {
  if (values.length < LEAST_TRIALS) return { share: 0, direction: 0 };
  const places = ranks(values);
  const r = correlation(places, objective);
  const curved = binnedRatio(places, objective);
  if (curved > r * r + CURVED) return { share: curved, direction: 0 };
  return { share: r * r, direction: -Math.sign(r) };
}

/** Returns the correlation ratio over bins of equal size, minus what as many bins explain by chance. */
function binnedRatio(places: number[], values: number[]): number {
  const bins = Math.min(MOST_BINS, Math.floor(places.length / LEAST_IN_BIN));
  if (bins < LEAST_BINS) return 0;
  const binOf = (place: number) => String(Math.floor((place / places.length) * bins));
  const raw = correlationRatio(places.map(binOf), values);
  return Math.max(0, 1 - ((1 - raw) * (values.length - 1)) / (values.length - bins));
}

/** Returns the rank of each value, from 0. Equal values share the mean of their ranks. */
export function ranks(values: number[]): number[] {
  const sorted = values.map((value, at) => ({ value, at })).sort((a, b) => a.value - b.value);
  const found = new Array<number>(values.length).fill(0);
  let start = 0;
  for (const [at, entry] of sorted.entries()) {
    if (entry.value === sorted[at + 1]?.value) continue;
    for (const tied of sorted.slice(start, at + 1)) found[tied.at] = (start + at) / 2;
    start = at + 1;
  }
  return found;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns Pearson's correlation; 0 if all values of one side are equal. */
export function correlation(a: number[], b: number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    const x = value - meanA;
    const y = (b[at] ?? meanB) - meanB;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa && bb ? ab / Math.sqrt(aa * bb) : 0;
}

/** Returns the share of the values' variance that lies between groups (eta squared). `groups`: one name for each value. */
export function correlationRatio(groups: string[], values: number[]): number {
  const whole = mean(values);
  const total = values.reduce((sum, value) => sum + (value - whole) ** 2, 0);
  const members = Map.groupBy(values.entries(), ([at]) => groups[at]);
  const between = [...members.values()].reduce((sum, rows) => {
    return sum + rows.length * (mean(rows.map(([, value]) => value)) - whole) ** 2;
  }, 0);
  return total ? between / total : 0;
}
