/** Ranks the trials of a sweep, and finds the parameters that differ. Pure functions. */

import type { Sweep, Trial } from "../api/types";
import { declaredParameters, type Given } from "./declared";
import { paramsOf } from "./params";

export type Sign = 1 | -1;

/** Returns 1 if smaller is better, else -1. */
export function sign({ goal }: Pick<Sweep, "goal">): Sign {
  return goal === "maximize" ? -1 : 1;
}

export type Scored<Row extends Trial> = Row & { objective: number };
export type ScoredTrial = Scored<Trial>;

export function hasObjective<Row extends Trial>(trial: Row): trial is Scored<Row> {
  return trial.objective !== null;
}

/** Returns the place of each trial with a value, from best (0) to worst (1). By rank, so that outliers do not dominate. */
export function ranking(trials: Trial[], direction: Sign): Map<string, number> {
  const sorted = trials.filter(hasObjective).sort((a, b) => (a.objective - b.objective) * direction);
  return new Map(sorted.map((trial, at) => [trial.id, sorted.length > 1 ? at / (sorted.length - 1) : 0]));
}

/** The largest number of best trials that stand out among the others. */
const TOP = 10;

/** Returns whether a trial with this place is one of the best ten, or of the best tenth if that is fewer. */
export function isTop(place: number, count: number): boolean {
  return place * Math.max(count - 1, 1) < Math.min(TOP, count / 10);
}

export interface Best<Row extends Trial> {
  trial: Row;
  time: number;
  value: number;
  best: number;
  isNew: boolean;
}

/** Returns the trials with a value by the time they ended, each with the best value until then. */
export function bestSoFar<Row extends Trial>(trials: Row[], direction: Sign): Best<Row>[] {
  const ended = trials.filter(hasObjective).filter((trial): trial is Scored<Row> & { ended: number } => {
    return trial.ended !== null;
  });
  let best = Number.POSITIVE_INFINITY * direction;
  return ended
    .sort((a, b) => a.ended - b.ended)
    .map((trial) => {
      const { objective: value, ended: time } = trial;
      const isNew = (value - best) * direction < 0;
      if (isNew) best = value;
      return { trial, time, value, best, isNew };
    });
}

const WIDE_RATIO = 20;

/** Returns whether values above 0 span so much that a linear axis would hide the small ones. */
export function hasWideRange(values: number[]): boolean {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.length > 0 && least > 0 && most / least > WIDE_RATIO;
}

export interface Parameter {
  name: string;
  isNumeric: boolean;
  isLog: boolean;
  /** The values of a parameter that is not a number, or has only a few, in order. */
  choices: string[];
}

/** Returns the parameters whose values differ between trials. */
export function parameters(sweep: Pick<Sweep, "config">, trials: Trial[]): Parameter[] {
  const given = new Map(declaredParameters(sweep));
  const rows = trials.map(paramsOf);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.flatMap((name) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== undefined);
    return parameterOf(name, given.get(name) ?? {}, values) ?? [];
  });
}

function parameterOf(name: string, given: Given, values: unknown[]): Parameter | null {
  const different = [...new Set(values.map((value) => JSON.stringify(value)))];
  if (different.length < 2) return null;
  const numbers = values.filter((value) => typeof value === "number");
  const isNumeric = numbers.length === values.length;
  const isLog = String(given["distribution"] ?? "").includes("log");
  const isChoice = !isNumeric || given["values"] !== undefined;
  const choices = isNumeric
    ? [...new Set(numbers)].sort((a, b) => a - b).map(String)
    : different.map((text) => String(JSON.parse(text)));
  return { name, isNumeric, isLog, choices: isChoice ? choices : [] };
}
