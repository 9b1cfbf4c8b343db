/** The metrics of some runs: which there are, which a search finds, and how they are grouped. Pure functions. */

import { byMetricRank } from "../base/ranking";

const UNGROUPED = "other";
const PINNED = "pinned";

/** A heading and the metrics below it. */
export type Section = [name: string, metrics: string[]];

/** Returns the keys that have a series: those of numbers, including numbers that are not finite. */
export function metricKeys(runs: { run: { summary: Record<string, unknown> } }[]): string[] {
  const found = new Set<string>();
  for (const { run } of runs) {
    for (const [key, value] of Object.entries(run.summary)) {
      if (typeof value === "number" || value === "nan" || value === "inf" || value === "-inf") found.add(key);
    }
  }
  return [...found].sort(byMetricRank);
}

/** Returns the keys that match a regular expression; all of them, and the error, if it is not valid. */
export function searchKeys(keys: string[], pattern: string): { found: string[]; error: string } {
  if (!pattern) return { found: keys, error: "" };
  try {
    const wanted = new RegExp(pattern, "i");
    return { found: keys.filter((key) => wanted.test(key)), error: "" };
  } catch (error) {
    return { found: keys, error: (error as Error).message };
  }
}

/** Returns the metrics in sections by what precedes the first `/` of their names, the pinned ones first. */
export function sectionsOf(keys: string[], pinned: string[]): Section[] {
  const first = pinned.filter((key) => keys.includes(key));
  const others = keys.filter((key) => !pinned.includes(key));
  const groups = Map.groupBy(others, (key) => (key.includes("/") ? (key.split("/")[0] ?? "") : UNGROUPED));
  return first.length ? [[PINNED, first], ...groups] : [...groups];
}

/** Returns the stretch of the x axis that `low_high` names; null if the text names none. */
export function parseZoom(text: string): [number, number] | null {
  const [low = Number.NaN, high = Number.NaN] = text.split("_").map(Number);
  return text && low < high ? [low, high] : null;
}

export function zoomText(zoom: [number, number] | null): string {
  return zoom ? zoom.map((value) => Number(value.toPrecision(8))).join("_") : "";
}
