/** The values of a row of the runs table: their types depend on the requested columns. Pure functions. */

export function text(given: unknown): string {
  return given === null || given === undefined ? "" : String(given);
}

/** Returns a number; 0 for any other value. */
export function seconds(given: unknown): number {
  return typeof given === "number" ? given : 0;
}
