/** Runs side by side: what each of them has, and what differs. Pure functions. */

import type { RunRow } from "../api/types";
import { flat } from "../base/format";
import { byMetricRank } from "../base/ranking";

/** A run that is compared, and its recorded environment once it is loaded. */
export interface ComparedRun {
  row: RunRow;
  environment: Record<string, unknown>;
}

export interface ComparedRow {
  name: string;
  /** The value of each run; undefined: it has none. */
  values: unknown[];
  isDifferent: boolean;
}

export interface ComparedPart {
  title: string;
  rows: ComparedRow[];
}

/** The columns of runs that the part `Run` shows. */
export const RUN_COLUMNS = [
  ...["state", "reason", "group", "rank", "world_size", "tags", "notes", "job_type", "sweep", "trial", "project"],
  ...["created", "duration", "rows", "host", "user", "gpus", "command"],
];
export const COMPARED_COLUMNS = ["name", "config", "summary", ...RUN_COLUMNS];
/** What one attempt has and every other one has too, so that it says nothing about the program. */
const OWN = new Set(["command"]);

/** Returns all that the runs have, in parts. */
export function comparedParts(runs: ComparedRun[]): ComparedPart[] {
  const config = runs.map(({ row }) => flat((row["config"] ?? {}) as Record<string, unknown>));
  const summary = runs.map(({ row }) => flat((row["summary"] ?? {}) as Record<string, unknown>));
  const environment = runs.map((run) => flat(run.environment));
  return [
    { title: "Configuration", rows: rowsOf(config, namesOf(config)) },
    { title: "Metrics", rows: rowsOf(summary, namesOf(summary).sort(byMetricRank)) },
    {
      title: "Environment and code",
      rows: rowsOf(
        environment,
        namesOf(environment).filter((name) => !OWN.has(name)),
      ),
    },
    {
      title: "Run",
      rows: rowsOf(
        runs.map(({ row }) => row),
        RUN_COLUMNS,
      ),
    },
  ];
}

function namesOf(all: Record<string, unknown>[]): string[] {
  return [...new Set(all.flatMap(Object.keys))];
}

function rowsOf(all: Record<string, unknown>[], names: string[]): ComparedRow[] {
  return names.map((name) => {
    const values = all.map((one) => one[name] ?? undefined);
    const texts = new Set(values.map((value) => JSON.stringify(value) ?? ""));
    return { name, values, isDifferent: texts.size > 1 };
  });
}

/** Returns the parts with only the rows that differ, or whose name contains a text. */
export function chosenRows(parts: ComparedPart[], onlyDifferent: boolean, search: string): ComparedPart[] {
  const words = search.toLowerCase();
  const isWanted = (row: ComparedRow) =>
    (row.isDifferent || !onlyDifferent) && (!words || row.name.toLowerCase().includes(words));
  return parts.map(({ title, rows }) => ({ title, rows: rows.filter(isWanted) }));
}

/** Returns the part from 0 to 1 of the best value that each number is; null where not all values are numbers. */
export function barsOf({ values }: ComparedRow): (number | null)[] {
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (numbers.length < 2 || least === most) return values.map(() => null);
  return values.map((value) => (typeof value === "number" ? (value - least) / (most - least) : null));
}
