/** How trials are ordered. Pure functions. */

import type { Trial } from "../api/types";

/** Compares two values: numbers by size, others as text. Missing ones come last in both directions. */
export function compare(a: unknown, b: unknown, isDown = false): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
  return isDown ? -order : order;
}

/** Returns how long a trial ran, or has been running, in seconds; null if it has not started. */
export function durationOf(trial: Trial, now: number): number | null {
  return trial.started === null ? null : (trial.ended ?? now) - trial.started;
}
