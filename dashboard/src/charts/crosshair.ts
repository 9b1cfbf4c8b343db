/** The crosshair that all charts of a page share: where it is, and which line it is on. */

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
