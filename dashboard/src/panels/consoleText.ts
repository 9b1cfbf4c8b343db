/** What the console's lines say. Pure functions. */

import type { ConsoleLine } from "../api/types";

/** The server returns at least this many lines of each rank when all ranks are asked for. */
const LEAST_OF_EACH = 10;

/** A part of a line; `isMatch`: it is what was searched for. */
export interface Part {
  text: string;
  isMatch: boolean;
}

/** Returns a text in parts, with every occurrence of `find` as a separate part. Upper and lower case are the same. */
export function matchesIn(text: string, find: string): Part[] {
  const parts: Part[] = [];
  const wanted = find.toLowerCase();
  const searched = text.toLowerCase();
  let from = 0;
  for (let at = wanted ? searched.indexOf(wanted) : -1; at >= 0; at = searched.indexOf(wanted, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), isMatch: false });
    parts.push({ text: text.slice(at, at + find.length), isMatch: true });
    from = at + find.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMatch: false });
  return parts;
}

/**
 * Returns whether the server has left lines out.
 *
 * Of a single run it returns the `last` lines; of several, at most `most` lines in equal parts.
 */
export function isCut(lines: ConsoleLine[], runs: { id: string }[], last: number, most: number): boolean {
  if (runs.length <= 1) return lines.length >= last;
  const mostOfEach = Math.min(last, Math.max(Math.floor(most / runs.length), LEAST_OF_EACH));
  const counts = Map.groupBy(lines, (line) => line.run);
  return runs.some((run) => (counts.get(run.id)?.length ?? 0) >= mostOfEach);
}
