/** The trials of a sweep, kept up to date, and the run of each trial's first rank. */

import { useMemo, useRef, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { useData, usePolling } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow, SweepPoint, Trial } from "../api/types";
import { quoted } from "../base/filter";
import { waitForIdle } from "../base/scheduling";

const MOST_RUNS = 1000;
const NONE: never[] = [];
/** More curves than this cannot be told apart. */
const MOST_CURVES = 300;

/** The trials of a sweep, and its points if it has repeats. */
export interface Tried {
  trials: Trial[];
  points: SweepPoint[];
}

/** Returns a sweep's trials and points by number; the same arrays while none has changed. */
export function useTrials(sweep: string): Tried {
  const [tried, setTried] = useState<Tried>({ trials: NONE, points: NONE });
  const known = useRef({
    trials: new Map<string, Trial>(),
    points: new Map<number, SweepPoint>(),
    cursor: null as number | null,
  });
  usePolling(paths.sweep(sweep), async (signal) => {
    const answer = await get(paths.trials(sweep, known.current.cursor), signal).catch(noTrials);
    if (!answer) return;
    known.current.cursor = answer.cursor;
    const fresh = answer.trials.filter((trial) => !isSame(trial, known.current.trials.get(trial.id)));
    for (const trial of fresh) known.current.trials.set(trial.id, trial);
    for (const point of answer.points ?? NONE) known.current.points.set(point.number, point);
    if (!fresh.length) return;
    const points = [...known.current.points.values()].sort((a, b) => a.number - b.number);
    setTried({ trials: [...known.current.trials.values()], points });
    await waitForIdle();
  });
  return tried;
}

/** A sweep that does not exist has no trials. The page shows the error of its question for the sweep itself. */
function noTrials(error: Error): null {
  if (error instanceof Refusal) return null;
  throw error;
}

function isSame(trial: Trial, known: Trial | undefined): boolean {
  return known !== undefined && JSON.stringify(trial) === JSON.stringify(known);
}

/** Returns the trials of a large sweep whose curves are drawn: the running ones and the best ones. */
export function mostRelevant(trials: Trial[], places: Map<string, number>): Trial[] {
  if (trials.length <= MOST_CURVES) return trials;
  const isRunning = (trial: Trial) => trial.ended === null && trial.started !== null;
  const relevance = (trial: Trial) => (isRunning(trial) ? -1 : (places.get(trial.id) ?? 2));
  return [...trials].sort((a, b) => relevance(a) - relevance(b)).slice(0, MOST_CURVES);
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

/** Returns the first rank's run of each of these trials, of its latest attempt. */
export function useFirstRuns(trials: Trial[], metric: string): FirstRun[] {
  const ids = trials.map((trial) => quoted(trial.id)).join(", ");
  const columns = ["trial", "project", "group", "world_size", "rows", ...(metric ? [`summary.${metric}`] : [])];
  const wanted = { project: null, filter: `trial in (${ids}) and rank = 0`, columns, limit: MOST_RUNS, offset: 0 };
  const sort = [{ column: "created", descending: true }];
  const rows = useData(ids ? paths.table({ ...wanted, sort }) : null).value?.rows;
  const before = useRef<RunRow[]>(NONE); // shown until the answer for other trials is here
  before.current = rows ?? before.current;
  const known = before.current;
  return useMemo(() => latestOfEach(known, metric), [known, metric]);
}

/** Returns the first row of each trial. `rows`: the newest first. */
export function latestOfEach(rows: RunRow[], metric: string): FirstRun[] {
  const found = new Map<string, FirstRun>();
  for (const row of rows) {
    const trial = String(row["trial"]);
    if (found.has(trial)) continue;
    const value = row[`summary.${metric}`];
    found.set(trial, {
      id: row.id,
      trial,
      project: String(row["project"]),
      group: String(row["group"]),
      ranks: Number(row["world_size"]),
      rows: Number(row["rows"]),
      hasMetric: value !== null && value !== undefined,
    });
  }
  return [...found.values()];
}
