/** Which entries of a media key belong to a step. Pure functions. */

import type { MediaEntry } from "../api/types";

export interface StepView {
  /** All steps with an entry, in ascending order. */
  steps: number[];
  /** The index of the step that is shown; -1: none has been logged until then. */
  at: number;
  /** The entries that are shown. */
  shown: MediaEntry[];
}

/** Returns the entries of the last step up to `step`. */
export function entriesAt(entries: MediaEntry[], step: number): StepView {
  const steps = [...new Set(entries.map((entry) => entry.step))].sort((a, b) => a - b);
  const at = steps.findLastIndex((one) => one <= step);
  return { steps, at, shown: at < 0 ? [] : newest(entries.filter((entry) => entry.step === steps[at])) };
}

/** Returns entries by index, then by rank. Of the same one logged twice, only the newest. */
function newest(entries: MediaEntry[]): MediaEntry[] {
  const found = new Map(entries.map((entry) => [`${entry.rank} ${entry.index}`, entry]));
  return [...found.values()].sort((a, b) => a.index - b.index || a.rank - b.rank);
}
