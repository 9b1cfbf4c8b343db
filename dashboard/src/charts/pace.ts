/** How fast ranks are, from their series. Pure functions. */

import type { Series } from "../api/types";
import { interpolated } from "./lines";

export interface RankPace {
  /** The first step of any rank. */
  start: number;
  /** The last step of each column. */
  steps: number[];
  /** The seconds that a step took, for each rank (rows) and each of `steps` (columns); null outside a rank's steps. */
  seconds: (number | null)[][];
}

/** Returns the time per step in at most `columns` stretches, from the first step to the last one of any rank. */
export function pace(series: Series[], columns: number): RankPace {
  const low = Math.min(...series.map(({ buckets }) => buckets[0]?.step ?? Number.POSITIVE_INFINITY));
  const high = Math.max(...series.map(({ buckets }) => buckets.at(-1)?.step ?? Number.NEGATIVE_INFINITY));
  if (!(low < high)) return { start: 0, steps: [], seconds: series.map(() => []) };
  const count = Math.min(columns, Math.max(1, Math.floor(high - low)));
  const width = (high - low) / count;
  const edges = Array.from({ length: count + 1 }, (_, at) => low + width * at);
  const seconds = series.map((one) => {
    const times = timesAt(one, edges);
    return times.slice(1).map((after, at) => {
      const before = times[at] ?? null;
      return before === null || after === null ? null : Math.max(0, after - before) / width;
    });
  });
  return { start: low, steps: edges.slice(1), seconds };
}

/** Returns the seconds after the first rank at which each rank reached each step. */
export function lags(series: Series[], steps: number[]): (number | null)[][] {
  const times = series.map((one) => timesAt(one, steps));
  const firsts = steps.map((_, at) => Math.min(...times.flatMap((row) => row[at] ?? [])));
  return times.map((row) => row.map((time, at) => (time === null ? null : time - (firsts[at] ?? time))));
}

/** Returns each rank's values at each step. */
export function valuesAt(series: Series[], steps: number[]): (number | null)[][] {
  return series.map(({ buckets }) => {
    const known = buckets.flatMap(({ step, mean }) => (mean === null ? [] : [{ step, mean }]));
    return interpolated(
      steps,
      known.map(({ step }) => step),
      known.map(({ mean }) => mean),
    );
  });
}

/** Returns the times at which a series reached each step. */
function timesAt({ buckets }: Series, steps: number[]): (number | null)[] {
  return interpolated(
    steps,
    buckets.map(({ step }) => step),
    buckets.map(({ time }) => time),
  );
}
