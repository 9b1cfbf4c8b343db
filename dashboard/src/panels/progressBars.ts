/** Progress bars that a program printed as one line for each of their states. Pure functions. */

import type { ConsoleLine } from "../api/types";
import { plain } from "../base/terminal";

/** A line, or the states of a progress bar, the last one behind the others. */
export type Fold = [ConsoleLine, ...ConsoleLine[]];

/** `Epoch 3:  12%|##  | 12/100`, `45% 9/20`, `[=====>....] 12/100`, `12/100 ━━━━━━`. */
const STATES = [/\d+(\.\d+)?%\s*[|[━█▉-▏#=]/, /[[━█▉-▏#=>.-]{5,}\]?\s+\d+\/\d+/, /\d+\/\d+\s+[[━█▉-▏#=>-]{4,}/];
const PROGRESS = /\d+(\.\d+)?%|\d+\/\d+|[[|━█▉-▏#=]{2,}/;

/** Returns what names the progress bar that a line shows; null if it shows none. */
export function barName(text: string): string | null {
  if (!STATES.some((state) => state.test(text))) return null;
  return text.slice(0, text.search(PROGRESS)).trim();
}

/** Returns the lines with the states of each progress bar together, if no other line is between them. */
export function folded(lines: ConsoleLine[]): Fold[] {
  const folds: Fold[] = [];
  let lastBar: string | null = null;
  for (const line of lines) {
    const bar = barName(plain(line.line));
    const last = folds.at(-1);
    if (bar !== null && bar === lastBar && last?.[0].run === line.run) last.push(line);
    else folds.push([line]);
    lastBar = bar;
  }
  return folds;
}
