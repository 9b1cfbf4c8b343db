/** The values of a row of the runs table: their types depend on the requested columns. Pure functions. */

export function text(given: unknown): string {
  return given === null || given === undefined ? "" : String(given);
}

/** Returns the names that several rows have. */
export function repeatedNames(rows: Record<string, unknown>[]): Set<string> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(text(row["name"]), (counts.get(text(row["name"])) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count > 1).map(([name]) => name));
}

/** Returns a number; 0 for any other value. */
export function seconds(given: unknown): number {
  return typeof given === "number" ? given : 0;
}
