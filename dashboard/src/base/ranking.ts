/** Which metrics people look at first: those of validation, then of training, the ranks' own measurements last. */

const FIRST = [/^(val|test|eval)/, /^train/, /\//];
const INNER = /^(ranks?|system|trainer|grad)\//;

/** Returns a number to sort metrics by. */
export function metricRank(key: string): number {
  if (INNER.test(key)) return FIRST.length + 1;
  const at = FIRST.findIndex((pattern) => pattern.test(key));
  return at < 0 ? FIRST.length : at;
}

export function byMetricRank(a: string, b: string): number {
  return metricRank(a) - metricRank(b) || a.localeCompare(b);
}

/** Returns the name that the ranks of a group share. */
export function groupName(runs: { name: string; group: string }[]): string {
  const names = new Set(runs.map((run) => run.name.replace(/-rank\d+$/, "")));
  return names.size === 1 ? [...names][0]! : (runs[0]?.group ?? "");
}
