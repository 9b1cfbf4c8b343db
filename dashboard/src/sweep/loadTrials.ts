/** What a sweep's page is about: its trials, kept current by what changes of them, and the run of each one's first rank. */

import { useMemo, useRef, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { useData, usePolling } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow, Trial } from "../api/types";
import { quoted } from "../base/filter";
import { waitForIdle } from "../base/scheduling";

const MOST_RUNS = 1000;
const NONE: never[] = [];
/** More curves are a carpet. */
const MOST_SHOWN = 300;

/** Returns a sweep's trials by number; the same array while none has changed. */
export function useTrials(sweep: string): Trial[] {
  const [trials, setTrials] = useState<Trial[]>(NONE);
  const known = useRef({ trials: new Map<string, Trial>(), cursor: null as number | null });
  usePolling(paths.sweep(sweep), async (signal) => {
    const answer = await get(paths.trials(sweep, known.current.cursor), signal).catch(noneThere);
    if (!answer) return;
    const { cursor, trials: written } = answer;
    known.current.cursor = cursor;
    const fresh = written.filter((trial) => !isSame(trial, known.current.trials.get(trial.id)));
    for (const trial of fresh) known.current.trials.set(trial.id, trial);
    if (!fresh.length) return;
    setTrials([...known.current.trials.values()]);
    await waitForIdle();
  });
  return trials;
}

/** Returns the trials that tell most of a large sweep: those at work, and the best ones. */
export function mostRelevant(trials: Trial[], places: Map<string, number>): Trial[] {
  if (trials.length <= MOST_SHOWN) return trials;
  const relevance = (trial: Trial) =>
    trial.ended === null && trial.started !== null ? -1 : (places.get(trial.id) ?? 2);
  return [...trials].sort((a, b) => relevance(a) - relevance(b)).slice(0, MOST_SHOWN);
}

/** A sweep that is not there has no trials; the page says so, which asks for the sweep itself. */
function noneThere(error: Error): null {
  if (error instanceof Refusal) return null;
  throw error;
}

function isSame(trial: Trial, known: Trial | undefined): boolean {
  return known !== undefined && JSON.stringify(trial) === JSON.stringify(known);
}

/** The run of a trial's first rank. */
export interface FirstRun {
  id: string;
  trial: string;
  project: string;
  group: string;
  /** How many ranks the trial has. */
  ranks: number;
  rows: number;
  hasMetric: boolean;
}

/** Returns of each of these trials the first rank's run, of its latest attempt. */
export function useFirstRuns(trials: Trial[], metric: string): FirstRun[] {
  const ids = trials.map((trial) => quoted(trial.id)).join(", ");
  const columns = ["trial", "project", "group", "world_size", "rows", ...(metric ? [`summary.${metric}`] : [])];
  const wanted = { project: null, filter: `trial in (${ids}) and rank = 0`, columns, limit: MOST_RUNS, offset: 0 };
  const sort = [{ column: "created", descending: true }];
  const rows = useData(ids ? paths.table({ ...wanted, sort }) : null).value?.rows;
  const before = useRef<RunRow[]>(NONE); // of the trials that were asked for a moment ago
  before.current = rows ?? before.current;
  const known = before.current;
  return useMemo(() => latest(known, metric), [known, metric]);
}

function latest(rows: RunRow[], metric: string): FirstRun[] {
  const found = new Map<string, FirstRun>();
  for (const row of rows) {
    const trial = String(row["trial"]);
    if (found.has(trial)) continue;
    found.set(trial, {
      id: row.id,
      trial,
      project: String(row["project"]),
      group: String(row["group"]),
      ranks: Number(row["world_size"]),
      rows: Number(row["rows"]),
      hasMetric: row[`summary.${metric}`] != null,
    });
  }
  return [...found.values()];
}
