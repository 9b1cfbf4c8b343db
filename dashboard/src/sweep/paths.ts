/** Where a trial's runs are to be seen. */

import type { Run } from "../base/api";

export function groupPathOf(run: Run): string {
  return `/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`;
}

/** Returns the page of a trial's runs: the run where there is one, else its group; empty where none has come yet. */
export function runsPath(runs: Run[]): string {
  const [first] = runs;
  if (!first) return "";
  return runs.length === 1 ? `/runs/${first.id}` : groupPathOf(first);
}
