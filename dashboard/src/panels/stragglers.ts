/** Which rank is slower than the others. Pure functions. */

import { duration } from "../base/format";
import { byMetricRank } from "../base/ranking";

/** A rank lags if its mean lag is this many times that of the others. */
const LAG_FACTOR = 2;
/** A lag counts if it is at least this part of a step. */
const NOTABLE = 0.2;

/** Returns the metrics that two ranks or more have logged as numbers: a rank that ended early must not hide any. */
export function sharedKeys(runs: { summary: Record<string, unknown> }[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) {
    for (const [key, given] of Object.entries(run.summary)) {
      if (typeof given === "number") counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count > 1 || runs.length === 1)
    .map(([key]) => key)
    .sort(byMetricRank);
}

/** Returns which rank lags most and by how much, or what the lags mean if no rank stands out. */
export function slowestText(late: (number | null)[][], seconds: (number | null)[][], names: string[]): string {
  const means = late.map(meanOf);
  const most = Math.max(...means.filter((mean) => mean !== null));
  const at = means.indexOf(most);
  const others = means.filter((_, place) => place !== at).filter((mean) => mean !== null);
  const usual = meanOf(others) ?? 0;
  const step = Math.max(...seconds.map(meanOf).filter((mean) => mean !== null));
  const isSlow = others.length > 0 && most > Math.max(LAG_FACTOR * usual, NOTABLE * step);
  if (!isSlow) return "how long after the first rank each one logged a step";
  return `${names[at]} lags most: ${duration(most)} on average, the others ${duration(usual)}`;
}

/** Returns the mean of the values that are there; null if there are none. */
export function meanOf(row: (number | null)[]): number | null {
  const there = row.filter((value) => value !== null);
  return there.length ? there.reduce((sum, value) => sum + value, 0) / there.length : null;
}
