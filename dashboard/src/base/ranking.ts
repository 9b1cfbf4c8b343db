/** The order of metrics: losses and accuracies first, validation before training, and metrics about ranks last. */

const HEADLINE = "([/_.]|.*[/_.])(loss|acc|accuracy)$";
const FIRST = [
  new RegExp(`^(val|test|eval)${HEADLINE}`, "i"),
  new RegExp(`^train${HEADLINE}`, "i"),
  /^(val|test|eval)/,
  /^train/,
  /\//,
];
const INTERNAL = /^(ranks?|system|trainer|grad)\//;
const LOWER = /(^|[/_.])(loss|err|error|mse|rmse|mae|nll|perplexity|ppl|wer|cer|fid|latency|time)([/_.]|$)/i;

/** Returns a number to sort metrics by. */
export function metricRank(key: string): number {
  if (INTERNAL.test(key)) return FIRST.length + 1;
  const at = FIRST.findIndex((pattern) => pattern.test(key));
  return at < 0 ? FIRST.length : at;
}

/** Returns whether low values of a metric are probably better, by its name. */
export function isLowerBetter(key: string): boolean {
  return LOWER.test(key);
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
