/** The differences of two texts, line by line. Pure functions over the library `diff`. */

import { structuredPatch } from "diff";

export interface DiffLine {
  kind: "same" | "added" | "removed" | "place";
  text: string;
  /** The numbers of the line in the two texts; undefined: it is not there. */
  before?: number;
  after?: number;
}

/** Unchanged lines that are shown around each change. */
const AROUND = 3;
const KINDS: Record<string, "same" | "added" | "removed"> = { "+": "added", "-": "removed", " ": "same" };

/** Returns what changes from one text to another, with some lines around each change; nothing if they are equal. */
export function diffLines(before: string, after: string): DiffLine[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: AROUND });
  return hunks.flatMap((hunk): DiffLine[] => {
    const place = `@@ line ${hunk.oldStart} · line ${hunk.newStart} @@`;
    const next = { before: hunk.oldStart, after: hunk.newStart };
    const lines = hunk.lines.flatMap((text): DiffLine[] => {
      const kind = KINDS[text[0] ?? ""];
      if (!kind) return [];
      const line: DiffLine = { kind, text };
      if (kind !== "added") line.before = next.before++;
      if (kind !== "removed") line.after = next.after++;
      return [line];
    });
    return [{ kind: "place", text: place }, ...lines];
  });
}

interface Side {
  kind: DiffLine["kind"];
  line: number | undefined;
  text: string;
}

/** A row of two texts side by side. */
export interface PairedLine {
  kind: "lines" | "place";
  before: Side | null;
  after: Side | null;
}

/** Returns the lines of a difference side by side: those that were replaced beside what replaced them. */
export function paired(lines: DiffLine[]): PairedLine[] {
  const rows: PairedLine[] = [];
  const removed: Side[] = [];
  const added: Side[] = [];
  function flush(): void {
    for (let at = 0; at < Math.max(removed.length, added.length); at++)
      rows.push({ kind: "lines", before: removed[at] ?? null, after: added[at] ?? null });
    removed.length = added.length = 0;
  }
  for (const { kind, text, before, after } of lines) {
    const of = (line: number | undefined): Side => ({ kind, line, text: text.slice(1) });
    if (kind === "removed") removed.push(of(before));
    else if (kind === "added") added.push(of(after));
    else {
      flush();
      const isPlace = kind === "place";
      const side = isPlace ? { kind, line: undefined, text } : null;
      rows.push({ kind: isPlace ? "place" : "lines", before: side ?? of(before), after: side ?? of(after) });
    }
  }
  flush();
  return rows;
}

const TEXT_NAME = /\.(txt|md|py|ya?ml|toml|json|cfg|ini|csv|tsv|sh|patch|diff|log|ipynb|xml|html)$/i;
const MOST_BYTES = 2_000_000;

/** Returns whether a file is text, by its name, and small enough to be compared. */
export function isTextFile(name: string, bytes: number): boolean {
  return TEXT_NAME.test(name) && bytes <= MOST_BYTES;
}
