/** Which trials a search finds. Pure functions. */

import type { Trial } from "../api/types";
import { paramsOf } from "./params";

const COMPARISON = /^([^<>=!]+)(<=|>=|!=|<|>|=)(.+)$/;

type Test = (given: unknown, wanted: string) => boolean;

const isEqual: Test = (given, wanted) =>
  String(given).toLowerCase() === wanted || (typeof given === "number" && given === Number(wanted));

const TESTS: Record<string, Test> = {
  "=": isEqual,
  "!=": (given, wanted) => !isEqual(given, wanted),
  "<": (given, wanted) => typeof given === "number" && given < Number(wanted),
  "<=": (given, wanted) => typeof given === "number" && given <= Number(wanted),
  ">": (given, wanted) => typeof given === "number" && given > Number(wanted),
  ">=": (given, wanted) => typeof given === "number" && given >= Number(wanted),
};

/**
 * Returns the trials that `text` finds.
 *
 * Every word must occur in a trial's number, state, reason or parameters, and every comparison must hold, such as
 * `lr<0.01`, `optimizer=adamw` or `objective<0.3`. A parameter is named in full or by its last part.
 */
export function findTrials<Row extends Trial>(trials: Row[], text: string): Row[] {
  const joined = text.toLowerCase().replace(/\s*(<=|>=|!=|<|>|=)\s*/g, "$1");
  const parts = joined.split(/\s+/).filter(Boolean);
  return parts.length ? trials.filter((trial) => matches(trial, parts)) : trials;
}

function matches(trial: Trial, parts: string[]): boolean {
  const params = paramsOf(trial);
  return parts.every((part) => {
    const [, name, sign = "", wanted = ""] = COMPARISON.exec(part) ?? [];
    if (!name) return wordsOf(trial, params).includes(part);
    const given = trialValue(trial, params, name);
    return given !== undefined && given !== null && TESTS[sign]?.(given, wanted) === true;
  });
}

function wordsOf({ number, state, reason }: Trial, params: Record<string, unknown>): string {
  return [number, state, reason, ...Object.values(params)].join(" ").toLowerCase();
}

function trialValue(trial: Trial, params: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(params).find((one) => {
    const lower = one.toLowerCase();
    return lower === name || lower.endsWith(`.${name}`);
  });
  if (key !== undefined) return params[key];
  return { objective: trial.objective, trial: trial.number, reports: trial.reports }[name];
}
