/** The points of a sweep with repeats as rows, each with its trials. Pure functions. */

import type { SweepPoint, Trial } from "../api/types";
import { number } from "../base/format";

/** A point, with the values that a trial has in plots and tables. Its id is that of its first trial. */
export interface PointRow extends Trial {
  of: SweepPoint;
  repeats: Trial[];
}

/** What plots and tables show: a trial, or a point of a sweep with repeats. */
export type Result = Trial | PointRow;

export function isPoint(row: Result): row is PointRow {
  return "of" in row;
}

/** Returns a row for each point whose trials are known. */
export function pointRows(trials: Trial[], points: SweepPoint[]): PointRow[] {
  const byNumber = new Map(trials.map((trial) => [trial.number, trial]));
  return points.flatMap((point): PointRow[] => {
    const repeats = point.trials.flatMap((one) => byNumber.get(one) ?? []);
    const [first] = repeats;
    if (!first) return [];
    const ends = repeats.map((trial) => trial.ended);
    return [
      {
        ...first,
        number: point.number,
        state: point.state,
        objective: point.value,
        reports: repeats.reduce((sum, trial) => sum + trial.reports, 0),
        reason: repeats.map((trial) => trial.error || trial.reason).find(Boolean) ?? "",
        error: "",
        started: least(repeats.map((trial) => trial.started)),
        ended: ends.every((end) => end !== null) ? Math.max(...ends) : null,
        of: point,
        repeats,
      },
    ];
  });
}

function least(times: (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length ? Math.min(...known) : null;
}

/** Returns the rows of a table: points, and the trials of those that are open. */
export function unfolded(rows: Result[], open: Set<number>): Result[] {
  return rows.flatMap((row) => (isPoint(row) && open.has(row.number) ? [row, ...row.repeats] : [row]));
}

/** Returns the ids of trials: of a point, those of all its trials. */
export function idsOf(rows: Result[]): Set<string> {
  return new Set(rows.flatMap((row) => (isPoint(row) ? row.repeats.map((trial) => trial.id) : [row.id])));
}

/** Returns the value of a point with its spread and how many trials it is from: `0.31 ± 0.02 (2 of 3, 1 failed)`. */
export function spreadText({ value, spread, values, wanted, failed, stopped }: SweepPoint): string {
  const counts = [`${values} of ${wanted}`, failed && `${failed} failed`, stopped && `${stopped} stopped`];
  const around = spread === null ? "" : ` ± ${number(spread, 2)}`;
  return `${number(value)}${around} (${counts.filter(Boolean).join(", ")})`;
}

/** Formats the value of a trial or point. */
export function valueText(row: Result): string {
  return isPoint(row) ? spreadText(row.of) : number(row.objective);
}

/** Names a row, for example `trial 7` or `point 2`. */
export function rowName(row: Result): string {
  return `${isPoint(row) ? "point" : "trial"} ${row.number}`;
}

/** Returns the lowest and highest value within one standard deviation of a point; null without a spread. */
export function barOf(row: Result): [low: number, high: number] | null {
  if (!isPoint(row) || row.of.value === null || row.of.spread === null) return null;
  return [row.of.value - row.of.spread, row.of.value + row.of.spread];
}
