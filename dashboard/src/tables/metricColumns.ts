/** Which value of a metric a column shows: the last one, or a statistic of all. Pure functions. */

/** The starts of the columns' ids, and what they show. */
export const STATISTICS = { summary: "last", min: "min", max: "max", mean: "mean" } as const;
export type Statistic = keyof typeof STATISTICS;

export interface MetricColumn {
  statistic: Statistic;
  metric: string;
}

/** Returns what a column shows of which metric; null if it shows none. `id`: without the mark of a small chart. */
export function metricColumnOf(id: string): MetricColumn | null {
  const at = id.indexOf(".");
  const statistic = id.slice(0, at);
  return at > 0 && statistic in STATISTICS ? { statistic: statistic as Statistic, metric: id.slice(at + 1) } : null;
}

/** Returns the title of a column: a metric's name, with its statistic unless that is the last value. */
export function metricTitle({ statistic, metric }: MetricColumn): string {
  return statistic === "summary" ? metric : `${metric} ${STATISTICS[statistic]}`;
}
