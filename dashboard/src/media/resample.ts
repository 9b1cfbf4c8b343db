/** Histograms over time as the columns of a heat map. Pure functions. */

import type { MediaEntry } from "../api/types";
import type { Histogram } from "./HistogramBars";

export const ROWS = 64;
const MOST_COLUMNS = 120;
/** The least width of a bin, so that one of no width keeps its count. */
const LEAST_WIDTH = 1e-9;

/** Returns the stored histograms of the lowest rank by step: `MOST_COLUMNS` at most, evenly chosen, with both ends. */
export function chosenEntries(entries: MediaEntry[]): MediaEntry[] {
  const first = Math.min(...entries.map((entry) => entry.rank));
  const own = entries.filter((entry) => entry.rank === first && entry.index === 0 && entry.is_stored);
  const bySteps = new Map(own.map((entry) => [entry.step, entry]));
  return spread([...bySteps.values()].sort((a, b) => a.step - b.step));
}

function spread<T>(entries: T[]): T[] {
  if (entries.length <= MOST_COLUMNS) return entries;
  const last = entries.length - 1;
  return Array.from({ length: MOST_COLUMNS }, (_, at) =>
    entries.at(Math.round((at * last) / (MOST_COLUMNS - 1))),
  ).filter((entry) => entry !== undefined);
}

/** Returns the range of all histograms. */
export function rangeOf(histograms: Histogram[]): [number, number] {
  const low = Math.min(...histograms.map(({ edges }) => edges[0] ?? 0));
  const high = Math.max(...histograms.map(({ edges }) => edges.at(-1) ?? 0));
  return [low, high];
}

/** Returns the counts in `ROWS` equal parts from `low` to `high`. A bin is spread evenly over what it covers. */
export function resampled({ counts, edges }: Histogram, low: number, high: number): number[] {
  const scale = ROWS / Math.max(high - low, 1e-300);
  const place = (edge: number | undefined) => ((edge ?? 0) - low) * scale;
  const bins = counts.map((count, at) => {
    const from = place(edges[at]);
    const to = Math.max(place(edges[at + 1]), from + LEAST_WIDTH);
    return { from, to, density: count / (to - from) };
  });
  return Array.from({ length: ROWS }, (_, row) =>
    bins.reduce((sum, { from, to, density }) => {
      return sum + density * Math.max(0, Math.min(to, row + 1) - Math.max(from, row));
    }, 0),
  );
}
