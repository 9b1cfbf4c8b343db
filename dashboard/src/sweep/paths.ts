/** The pages of a trial's runs. */

import type { Trial } from "../api/types";
import { quoted } from "../base/filter";
import type { FirstRun } from "./loadTrials";

export function groupPathOf(run: { project: string; group: string }): string {
  return `/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`;
}

/** Returns the page of a trial's runs: the run if there is only one, else its group. */
export function runsPath(first: FirstRun): string {
  return first.ranks === 1 ? `/runs/${first.id}` : groupPathOf(first);
}

/** Returns the page that lists the runs of a trial. */
export function searchPath(trial: Trial): string {
  return `/runs?find=${encodeURIComponent(`trial = ${quoted(trial.id)}`)}`;
}
