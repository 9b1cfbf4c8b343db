/** What all charts of a page share: the crosshair, where it is and on which line; and the line that is pointed at elsewhere. */

export interface Cross {
  x: number;
  line: string;
  source: object;
}

const listeners = new Set<(cross: Cross | null) => void>();

export function showCross(cross: Cross | null): void {
  for (const listener of listeners) listener(cross);
}

export function onCross(listener: (cross: Cross | null) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const pointing = new Set<(line: string | null) => void>();

/** Lets a line stand out in every chart, by its id; null: none does any more. */
export function pointAt(line: string | null): void {
  for (const listener of pointing) listener(line);
}

export function onPointed(listener: (line: string | null) => void): () => void {
  pointing.add(listener);
  return () => void pointing.delete(listener);
}
