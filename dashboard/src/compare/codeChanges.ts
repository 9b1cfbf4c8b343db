/** What changed in the code from one run to another. Pure functions. */

/** A file of a run's code. */
export interface CodeFile {
  path: string;
  digest: string;
}

export interface CodeChange {
  path: string;
  kind: "added" | "removed" | "changed";
  /** The digests of the contents; empty: there was no such file. */
  before: string;
  after: string;
}

/** Returns the files that differ, by path. Of several files with one path, the last one counts. */
export function codeChanges(before: CodeFile[], after: CodeFile[]): CodeChange[] {
  const [old, now] = [before, after].map((files) => new Map(files.map(({ path, digest }) => [path, digest])));
  const all = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
  return all.flatMap((path): CodeChange[] => {
    const [first = "", second = ""] = [old?.get(path), now?.get(path)];
    if (first === second) return [];
    return [{ path, kind: first ? (second ? "changed" : "removed") : "added", before: first, after: second }];
  });
}

/** Returns the command that shows what git knows about the difference; null unless both commits are known and differ. */
export function gitCommand(before: string, after: string): string | null {
  return before && after && before !== after ? `git diff ${before} ${after}` : null;
}
