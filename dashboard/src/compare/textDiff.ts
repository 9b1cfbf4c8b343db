/** The differences of two texts, line by line. Pure functions over the library `diff`. */

import { structuredPatch } from "diff";

export interface DiffLine {
  kind: "same" | "added" | "removed" | "place";
  text: string;
}

/** Unchanged lines that are shown around each change. */
const AROUND = 3;
const KINDS: Record<string, DiffLine["kind"]> = { "+": "added", "-": "removed", " ": "same" };

/** Returns what changes from one text to another, with some lines around each change; nothing if they are equal. */
export function diffLines(before: string, after: string): DiffLine[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: AROUND });
  return hunks.flatMap((hunk): DiffLine[] => {
    const place = `@@ line ${hunk.oldStart} · line ${hunk.newStart} @@`;
    const lines = hunk.lines.flatMap((line): DiffLine[] => {
      const kind = KINDS[line[0] ?? ""];
      return kind ? [{ kind, text: line }] : [];
    });
    return [{ kind: "place", text: place }, ...lines];
  });
}

const TEXT_NAME = /\.(txt|md|py|ya?ml|toml|json|cfg|ini|csv|tsv|sh|patch|diff|log|ipynb|xml|html)$/i;
const MOST_BYTES = 2_000_000;

/** Returns whether a file is text, by its name, and small enough to be compared. */
export function isTextFile(name: string, bytes: number): boolean {
  return TEXT_NAME.test(name) && bytes <= MOST_BYTES;
}
