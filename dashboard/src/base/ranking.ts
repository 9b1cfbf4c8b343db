/** The order of metrics: validation first, then training, and metrics about ranks last. */

const FIRST = [/^(val|test|eval)/, /^train/, /\//];
const INTERNAL = /^(ranks?|system|trainer|grad)\//;

/** Returns a number to sort metrics by. */
export function metricRank(key: string): number {
  if (INTERNAL.test(key)) return FIRST.length + 1;
  const at = FIRST.findIndex((pattern) => pattern.test(key));
  return at < 0 ? FIRST.length : at;
}

/** Compares two metrics by rank, then by name. */
export function byMetricRank(a: string, b: string): number {
  return metricRank(a) - metricRank(b) || a.localeCompare(b);
}

/** Returns the name that the ranks of a group share, else the group's own. */
export function groupName(runs: { name: string; group: string }[]): string {
  const [name = "", ...others] = new Set(runs.map((run) => run.name.replace(/-rank\d+$/, "")));
  return name && !others.length ? name : (runs[0]?.group ?? "");
}
