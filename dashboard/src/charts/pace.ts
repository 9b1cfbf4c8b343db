/** How fast ranks go: pure functions over their series. */

import type { Series } from "../api/types";
import { interpolated } from "./lines";

/** Returns the seconds a step took, at `columns` places from the first step to the last of any rank; null where a rank was not there. */
export function pace(series: Series[], columns: number): { steps: number[]; seconds: (number | null)[][] } {
  const usable = series.map((one) => one.buckets);
  const low = Math.min(...usable.map((buckets) => buckets[0]?.step ?? Number.POSITIVE_INFINITY));
  const high = Math.max(...usable.map((buckets) => buckets.at(-1)?.step ?? Number.NEGATIVE_INFINITY));
  if (!(low < high)) return { steps: [], seconds: series.map(() => []) };
  const count = Math.min(columns, Math.max(1, Math.floor(high - low)));
  const edges = Array.from({ length: count + 1 }, (_, at) => low + ((high - low) * at) / count);
  const seconds = usable.map((buckets) => {
    const times = interpolated(
      edges,
      buckets.map((bucket) => bucket.step),
      buckets.map((bucket) => bucket.time),
    );
    return edges.slice(1).map((edge, at) => {
      const [before, after] = [times[at], times[at + 1]];
      return before == null || after == null ? null : Math.max(0, after - before) / (edge - edges[at]!);
    });
  });
  return { steps: edges.slice(1), seconds };
}

/** Returns how long after the first rank each rank came to each place, in seconds. */
export function lags(series: Series[], steps: number[]): (number | null)[][] {
  const times = series.map((one) =>
    interpolated(
      steps,
      one.buckets.map((bucket) => bucket.step),
      one.buckets.map((bucket) => bucket.time),
    ),
  );
  return times.map((row) =>
    row.map((time, at) => {
      const all = times.map((other) => other[at]).filter((other) => other != null);
      return time == null || !all.length ? null : time - Math.min(...all);
    }),
  );
}

/** Returns each rank's values of its series at each place. */
export function valuesAt(series: Series[], steps: number[]): (number | null)[][] {
  return series.map(({ buckets }) => {
    const known = buckets.filter((bucket) => bucket.mean !== null);
    return interpolated(
      steps,
      known.map((bucket) => bucket.step),
      known.map((bucket) => bucket.mean!),
    );
  });
}
