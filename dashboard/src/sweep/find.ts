/** Which trials a search means: pure functions. */

import type { Trial } from "../api/types";
import { flat } from "../base/format";

const COMPARISON = /^([^<>=!]+)(<=|>=|!=|<|>|=)(.+)$/;

const TESTS: Record<string, (given: unknown, wanted: string) => boolean> = {
  "=": (given, wanted) =>
    String(given).toLowerCase() === wanted || (typeof given === "number" && given === Number(wanted)),
  "!=": (given, wanted) => !TESTS["="]!(given, wanted),
  "<": (given, wanted) => typeof given === "number" && given < Number(wanted),
  "<=": (given, wanted) => typeof given === "number" && given <= Number(wanted),
  ">": (given, wanted) => typeof given === "number" && given > Number(wanted),
  ">=": (given, wanted) => typeof given === "number" && given >= Number(wanted),
};

/**
 * Returns those trials that `text` means: all its words occur in a trial's number, state, reason or parameters, and all
 * its comparisons hold: `lr<0.01`, `optimizer=adamw`, `objective<0.3`. A parameter is named in full or by its end.
 */
export function found(trials: Trial[], text: string): Trial[] {
  const parts = text
    .toLowerCase()
    .replace(/\s*(<=|>=|!=|<|>|=)\s*/g, "$1")
    .split(/\s+/)
    .filter(Boolean);
  return parts.length ? trials.filter((trial) => isMeant(trial, parts)) : trials;
}

function isMeant(trial: Trial, parts: string[]): boolean {
  const params = flat(trial.params);
  const words = [trial.number, trial.state, trial.reason, ...Object.values(params)].join(" ").toLowerCase();
  return parts.every((part) => {
    const [, name, sign, wanted] = COMPARISON.exec(part) ?? [];
    if (!name) return words.includes(part);
    const given = valueOf(trial, params, name);
    return given !== undefined && given !== null && TESTS[sign!]!(given, wanted!);
  });
}

function valueOf(trial: Trial, params: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(params).find((one) => one.toLowerCase() === name || one.toLowerCase().endsWith(`.${name}`));
  if (key !== undefined) return params[key];
  return name === "objective"
    ? trial.objective
    : name === "trial"
      ? trial.number
      : name === "reports"
        ? trial.reports
        : undefined;
}
