/** The last values of a metric over the ranks of a group. Pure functions. */

export interface RankValues {
  key: string;
  /** One value for each rank. */
  values: unknown[];
  mean: number;
  /** The largest value minus the smallest. */
  spread: number;
  /** The spread as a part of the mean. */
  share: number;
}

/** Returns the last values of each metric, the largest share first. */
export function rankValues(runs: { summary: Record<string, unknown> }[], keys: string[]): RankValues[] {
  const rows = keys.map((key): RankValues => {
    const values = runs.map((run) => run.summary[key]);
    const numbers = values.filter((one) => typeof one === "number");
    const mean = numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
    const spread = numbers.length > 1 ? Math.max(...numbers) - Math.min(...numbers) : 0;
    return { key, values, mean, spread, share: spread / Math.max(Math.abs(mean), 1e-12) };
  });
  return rows.sort((a, b) => b.share - a.share);
}
