/** Lines for tests. */

import type { Line } from "./lines";
import { DEFAULT_LOOK, type Look } from "./look";

/** Returns a line whose envelope is the line itself, unless `more` says otherwise. */
export function lineOf(x: number[], y: (number | null)[], more: Partial<Line> = {}): Line {
  return { id: "a", label: "a", color: "#000000", x, y, low: y, high: y, raw: null, broken: [], ...more };
}

export function lookOf(more: Partial<Look> = {}): Look {
  return { ...DEFAULT_LOOK, ...more };
}
