/** Which columns the runs table has: those of every run, and those of its metrics and configuration. Pure functions. */

import { flat } from "../base/format";
import { byMetricRank } from "../base/ranking";
import { LEAST_COLUMN_PX, MOST_COLUMN_PX } from "./types";

/** A column whose id starts with this is a small chart of the whole series. */
export const SPARK = "~";
export const PLAIN = [
  "state",
  "group",
  "rank",
  "created",
  "duration",
  "rows",
  "tags",
  "notes",
  "project",
  "created_by",
  "host",
  "reason",
  "updated",
  "ended",
];
const FIRST_PLAIN = ["state", "group", "rank"];
const LAST_PLAIN = ["created", "duration", "rows", "tags", "project", "created_by", "host"];
const FIRST_KEYS = 5;

export interface Sample {
  summary: Record<string, unknown>;
  config: Record<string, unknown>;
}

/** Returns the columns that are shown if no others were chosen. `metric`: the one that comes first, if there is such a column. */
export function firstColumns(keys: string[], metric = ""): string[] {
  const isFirst = (key: string) => key === `summary.${metric}`;
  const metrics = [...keys.filter(isFirst), ...keys.filter((key) => key.startsWith("summary.") && !isFirst(key))].slice(
    0,
    FIRST_KEYS - 2,
  );
  const config = keys.filter((key) => key.startsWith("config.")).slice(0, FIRST_KEYS - metrics.length);
  return [...FIRST_PLAIN, ...metrics, ...config, ...LAST_PLAIN];
}

/** Returns the columns with one of them moved before or behind another. `id` and `to`: without the mark of a chart. */
export function moved(columns: string[], id: string, to: string, isBehind: boolean): string[] {
  const bare = columns.map((one) => one.replace(SPARK, ""));
  const own = columns[bare.indexOf(id)];
  if (own === undefined || id === to) return columns;
  const others = columns.filter((one) => one !== own);
  const at = others.findIndex((one) => one.replace(SPARK, "") === to);
  if (at < 0) return columns;
  return [...others.slice(0, at + Number(isBehind)), own, ...others.slice(at + Number(isBehind))];
}

/** Returns the columns with the pinned ones first. */
export function pinnedFirst(shown: string[], pins: string[]): string[] {
  const isPinned = (id: string) => pins.includes(id.replace(SPARK, ""));
  return [...shown.filter(isPinned), ...shown.filter((id) => !isPinned(id))];
}

/** Returns the chosen widths in pixels from their form in the address: `state:140|summary.loss:90`. */
export function widthsOf(given: string): Map<string, number> {
  const pairs = given
    .split("|")
    .map((one) => [one.slice(0, one.lastIndexOf(":")), Number(one.slice(one.lastIndexOf(":") + 1))] as const);
  return new Map(pairs.filter(([id, width]) => id && width >= LEAST_COLUMN_PX && width <= MOST_COLUMN_PX));
}

export function widthsText(widths: Map<string, number>): string {
  return [...widths].map(([id, width]) => `${id}:${width}`).join("|");
}

/** Metrics that a smaller share of the runs have come after the others. */
const COMMON = 0.3;

/**
 * Returns the columns of some runs.
 *
 * Metrics come first, common before rare and validation before training. Then come the parameters that differ between
 * the runs, then other last values.
 */
export function keysOf(runs: Sample[]): string[] {
  const metrics = new Map<string, number>();
  const others = new Set<string>();
  const config = new Map<string, { count: number; values: Set<string> }>();
  for (const run of runs) {
    for (const [key, given] of Object.entries(run.summary)) {
      if (typeof given === "number") metrics.set(key, (metrics.get(key) ?? 0) + 1);
      else others.add(key);
    }
    for (const [key, given] of Object.entries(flat(run.config))) {
      const { count, values } = config.get(key) ?? { count: 0, values: new Set<string>() };
      config.set(key, { count: count + 1, values: values.add(JSON.stringify(given)) });
    }
  }
  const isRare = (key: string) => Number((metrics.get(key) ?? 0) < COMMON * runs.length);
  const sorted = [...metrics.keys()].sort((a, b) => isRare(a) - isRare(b) || byMetricRank(a, b));
  const different = [...config]
    .filter(([, { values }]) => values.size > 1)
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([key]) => `config.${key}`);
  const rest = [...others].filter((key) => !metrics.has(key)).map((key) => `summary.${key}`);
  return [...sorted.map((key) => `summary.${key}`), ...different, ...rest].filter(
    (key) => !key.includes('"') && !key.includes("|"),
  );
}
