/** The metrics of a sweep, and the best trials by several of them. Pure functions. */

import type { Sweep, Trial } from "../api/types";

export interface Objective {
  name: string;
  /** 1: smaller is better, -1: larger is. */
  sign: 1 | -1;
}

/** Returns the metrics of a sweep, the one that trials are ranked by first. */
export function objectives({ config, metric, goal }: Pick<Sweep, "config" | "metric" | "goal">): Objective[] {
  const several = config["metrics"];
  if (Array.isArray(several)) {
    return several.map(({ name, goal: own }: { name: string; goal?: string }) => ({
      name,
      sign: own === "maximize" ? -1 : 1,
    }));
  }
  return metric ? [{ name: metric, sign: goal === "maximize" ? -1 : 1 }] : [];
}

/** Returns a sweep with another of its metrics in the first place, and the best of its trials by that. */
export function withObjective(sweep: Sweep, name: string, trials: Trial[]): Sweep {
  const chosen = objectives(sweep).find((one) => one.name === name);
  if (!chosen || name === sweep.metric) return sweep;
  const scored = byObjective(trials, sweep, name).filter((one) => one.objective !== null && !one.ignored);
  const [best = null] = scored.sort((a, b) => ((a.objective ?? 0) - (b.objective ?? 0)) * chosen.sign);
  return { ...sweep, metric: name, goal: chosen.sign < 0 ? "maximize" : "minimize", best, best_point: null };
}

/** Returns trials with the values of another metric as objectives. A trial without one has none. */
export function byObjective<Row extends Trial>(trials: Row[], sweep: Sweep, name: string): Row[] {
  if (name === sweep.metric) return trials;
  return trials.map((trial) => ({ ...trial, objective: trial.values[name] ?? null }));
}

/** A trial's values of some metrics, each so that smaller is better. */
export interface Scores<Row> {
  trial: Row;
  values: number[];
}

/** Returns the trials that have a value of every metric. */
export function scoresOf<Row extends Pick<Trial, "values">>(trials: Row[], metrics: Objective[]): Scores<Row>[] {
  return trials.flatMap((trial) => {
    const values = metrics.flatMap(({ name, sign }) => {
      const value = trial.values[name];
      return value === undefined ? [] : value * sign;
    });
    return values.length === metrics.length ? [{ trial, values }] : [];
  });
}

/** Returns whether `a` is at least as good as `b` in every metric, and better in one. */
export function dominates(a: number[], b: number[]): boolean {
  return a.every((value, at) => value <= (b[at] ?? value)) && a.some((value, at) => value < (b[at] ?? value));
}

/** Returns the trials that no other one dominates: the Pareto front, by the first metric. */
export function paretoFront<Row>(scores: Scores<Row>[]): Scores<Row>[] {
  const sorted = [...scores].sort((a, b) => compareAll(a.values, b.values));
  const front: Scores<Row>[] = [];
  for (const one of sorted) {
    if (!front.some((other) => dominates(other.values, one.values))) front.push(one);
  }
  return front;
}

function compareAll(a: number[], b: number[]): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value - (b[at] ?? 0);
  return 0;
}

/**
 * Returns the hypervolume that a front of two or three metrics dominates within `reference`, the worst values.
 *
 * It is the sum over the slices of the last metric, each the area that the points before it dominate.
 */
export function hypervolume(points: number[][], reference: number[]): number {
  const inside = points.filter((point) => point.every((value, at) => value < (reference[at] ?? 0)));
  if (reference.length === 1) return Math.max(0, ...inside.map(([value = 0]) => (reference[0] ?? 0) - value));
  const last = reference.length - 1;
  const sorted = [...inside].sort((a, b) => (a[last] ?? 0) - (b[last] ?? 0));
  return sorted.reduce((sum, point, at) => {
    const height = (sorted[at + 1]?.[last] ?? reference[last] ?? 0) - (point[last] ?? 0);
    if (height <= 0) return sum;
    const below = sorted.slice(0, at + 1).map((one) => one.slice(0, last));
    return sum + height * hypervolume(below, reference.slice(0, last));
  }, 0);
}

/** Returns the hypervolume after each trial that improved it, in the order in which trials ended. */
export function hypervolumes<Row extends Pick<Trial, "ended">>(
  scores: Scores<Row>[],
): { time: number; value: number }[] {
  const ended = scores
    .filter((one) => one.trial.ended !== null)
    .sort((a, b) => (a.trial.ended ?? 0) - (b.trial.ended ?? 0));
  const reference = (ended[0]?.values ?? []).map((_, at) => Math.max(...ended.map(({ values }) => values[at] ?? 0)));
  let front: Scores<Row>[] = [];
  return ended.flatMap((one) => {
    if (front.some((other) => dominates(other.values, one.values) || compareAll(other.values, one.values) === 0))
      return [];
    front = [...front.filter((other) => !dominates(one.values, other.values)), one];
    const value = hypervolume(
      front.map(({ values }) => values),
      reference,
    );
    return [{ time: one.trial.ended ?? 0, value }];
  });
}
