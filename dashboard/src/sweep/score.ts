/** What a sweep's trials say, as plain numbers: pure functions. */

import type { Sweep, Trial } from "../api/types";
import { flat } from "../base/format";

export type Sign = 1 | -1;

/** 1 where smaller is better. */
export function sign(sweep: Sweep): Sign {
  return sweep.goal === "maximize" ? -1 : 1;
}

/** Returns each trial's place from best (0) to worst (1); null for those without a value. By rank, so outliers do not rule. */
export function ranking(trials: Trial[], direction: Sign): Map<string, number> {
  const sorted = trials
    .filter((trial) => trial.objective !== null)
    .sort((a, b) => (a.objective! - b.objective!) * direction);
  return new Map(sorted.map((trial, at) => [trial.id, sorted.length > 1 ? at / (sorted.length - 1) : 0]));
}

/** So many of the best trials stand out among the others. */
const TOP = 10;

/** Returns whether a trial with this place is one of the best ten, or tenth, whatever is less. */
export function isTop(place: number, count: number): boolean {
  return place * Math.max(count - 1, 1) < Math.min(TOP, count / 10);
}

export interface Best {
  trial: Trial;
  time: number;
  value: number;
  best: number;
  isNew: boolean;
}

/** Returns the scored trials by the time they ended, with the best value up to each. */
export function bestSoFar(trials: Trial[], direction: Sign): Best[] {
  const ended = trials
    .filter((trial) => trial.objective !== null && trial.ended !== null)
    .sort((a, b) => a.ended! - b.ended!);
  let best = Number.POSITIVE_INFINITY * direction;
  return ended.map((trial) => {
    const value = trial.objective!;
    const isNew = (value - best) * direction < 0;
    if (isNew) best = value;
    return { trial, time: trial.ended!, value, best, isNew };
  });
}

export interface Parameter {
  name: string;
  isNumeric: boolean;
  isLog: boolean;
  /** The values of a parameter that is no number, or has few, in order. */
  choices: string[];
}

/** Returns the parameters that differ among trials, or may. */
export function parameters(sweep: Sweep, trials: Trial[]): Parameter[] {
  const given = (sweep.config["parameters"] ?? {}) as Record<string, Record<string, unknown>>;
  const names = [...new Set(trials.flatMap((trial) => Object.keys(flat(trial.params))))];
  return names.flatMap((name): Parameter[] => {
    const values = trials.map((trial) => flat(trial.params)[name]).filter((value) => value !== undefined);
    const different = [...new Set(values.map((value) => JSON.stringify(value)))];
    if (different.length < 2) return [];
    const isNumeric = values.every((value) => typeof value === "number");
    const distribution = String(given[name]?.["distribution"] ?? "");
    const numbers = isNumeric ? (values as number[]) : [];
    const isWide = numbers.length > 0 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) > 50;
    const choices = isNumeric
      ? [...new Set(numbers)].sort((a, b) => a - b).map(String)
      : different.map((text) => String(JSON.parse(text)));
    const isChoice = !isNumeric || given[name]?.["values"] !== undefined;
    return [{ name, isNumeric, isLog: distribution.includes("log") || isWide, choices: isChoice ? choices : [] }];
  });
}

export interface Importance {
  name: string;
  /** Share of the objective's variation (in ranks) that goes along with the parameter alone, 0 to 1. */
  share: number;
  /** Where more is better: 1, worse: -1, neither, or in the middle: 0. */
  direction: number;
}

/** How much more bins must explain than a straight line for the relation to count as curved. */
const CURVED = 0.05;

/**
 * Returns how much each parameter alone goes along with the objective: for numbers the square of Spearman's rank
 * correlation, or the correlation ratio over bins where that is clearly higher (the best is in the middle); for choices
 * the correlation ratio of the ranks. It sees no interactions.
 */
export function importance(trials: Trial[], wanted: Parameter[], direction: Sign): Importance[] {
  const scored = trials.filter((trial) => trial.objective !== null);
  return wanted
    .map(({ name, isNumeric }) => {
      const rows = scored.filter((trial) => flat(trial.params)[name] !== undefined);
      const objective = ranks(rows.map((trial) => trial.objective! * direction));
      const values = rows.map((trial) => flat(trial.params)[name]);
      if (rows.length < 3) return { name, share: 0, direction: 0 };
      if (!isNumeric) return { name, share: ratio(values.map(String), objective), direction: 0 };
      const places = ranks(values as number[]);
      const r = correlation(places, objective);
      const curved = binned(places, objective);
      return curved > r * r + CURVED
        ? { name, share: curved, direction: 0 }
        : { name, share: r * r, direction: -Math.sign(r) };
    })
    .sort((a, b) => b.share - a.share);
}

/** Returns the correlation ratio over bins of equal size, less what as many bins would explain by chance. */
function binned(places: number[], values: number[]): number {
  const bins = Math.min(5, Math.floor(places.length / 5));
  if (bins < 3) return 0;
  const raw = ratio(
    places.map((place) => String(Math.floor((place / places.length) * bins))),
    values,
  );
  return Math.max(0, 1 - ((1 - raw) * (values.length - 1)) / (values.length - bins));
}

function ranks(values: number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let at = 0; at < order.length; ) {
    let end = at;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[at]!]) end++;
    for (let tied = at; tied <= end; tied++) found[order[tied]!] = (at + end) / 2;
    at = end + 1;
  }
  return found;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(a: number[], b: number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at]! - meanA, b[at]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa && bb ? ab / Math.sqrt(aa * bb) : 0;
}

function ratio(groups: string[], values: number[]): number {
  const whole = mean(values);
  const total = values.reduce((sum, value) => sum + (value - whole) ** 2, 0);
  const members = Map.groupBy(values.keys(), (at) => groups[at]!);
  const between = [...members.values()].reduce(
    (sum, rows) => sum + rows.length * (mean(rows.map((at) => values[at]!)) - whole) ** 2,
    0,
  );
  return total ? between / total : 0;
}
