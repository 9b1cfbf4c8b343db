/** The results of a sweep as curves: their distribution, and how far the best one was from the end. Pure functions. */

import type { Trial } from "../api/types";
import { bestSoFar, hasObjective, type Sign } from "./score";

export type Points = [x: number, y: number][];

/** Returns the part of the trials with at most each value: the empirical distribution function. */
export function distribution(trials: Trial[]): Points {
  const values = trials
    .filter(hasObjective)
    .map((trial) => trial.objective)
    .sort((a, b) => a - b);
  return values.flatMap(
    (value, at): Points => [
      [value, at / values.length],
      [value, (at + 1) / values.length],
    ],
  );
}

export const EFFORTS = ["trials", "hours", "GPU hours"] as const;
export type Effort = (typeof EFFORTS)[number];

/** Returns how much worse the best value was than that of the end, after each trial. `created`: when the sweep began. */
export function regret(trials: Trial[], direction: Sign, effort: Effort, created: number): Points {
  const steps = bestSoFar(trials, direction);
  const end = steps.at(-1)?.best ?? 0;
  let spent = 0;
  return steps.map(({ trial, time, best }, at): [number, number] => {
    spent += (trial.gpu_s ?? 0) / 3600;
    const x = { trials: at + 1, hours: (time - created) / 3600, "GPU hours": spent }[effort];
    return [x, Math.abs(best - end)];
  });
}

/** Returns the trials by number with the rank of each result, from 1 (the best). */
export function rankByNumber(trials: Trial[], places: Map<string, number>): { trial: Trial; rank: number }[] {
  const scored = trials.filter(hasObjective);
  return scored
    .map((trial) => ({ trial, rank: 1 + Math.round((places.get(trial.id) ?? 1) * (scored.length - 1)) }))
    .sort((a, b) => a.trial.number - b.trial.number);
}
