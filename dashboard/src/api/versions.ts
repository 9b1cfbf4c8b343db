/** The latest answers and their ETags, so that the server need not send again what the page has. */

interface Version {
  tag: string;
  value: unknown;
}

const MOST_KEPT = 60;

export class Versions {
  private readonly kept = new Map<string, Version>();

  /** Returns the latest answer of a path. */
  find(path: string): Version | undefined {
    return this.kept.get(path);
  }

  /** Keeps an answer. One without a tag cannot be asked for again. */
  keep(path: string, tag: string | null, value: unknown): void {
    this.kept.delete(path);
    if (tag === null) return;
    this.kept.set(path, { tag, value });
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value as string);
  }
}
