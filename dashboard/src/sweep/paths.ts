/** Where a trial's runs are to be seen. */

import type { Trial } from "../api/types";
import { quoted } from "../base/filter";
import type { FirstRun } from "./loadTrials";

export function groupPathOf(run: { project: string; group: string }): string {
  return `/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`;
}

/** Returns the page of a trial's runs: the run where there is one, else its group. */
export function runsPath(first: FirstRun): string {
  return first.ranks === 1 ? `/runs/${first.id}` : groupPathOf(first);
}

/** Returns where the runs of any trial are listed. */
export function foundPath(trial: Trial): string {
  return `/runs?find=${encodeURIComponent(`trial = ${quoted(trial.id)}`)}`;
}
