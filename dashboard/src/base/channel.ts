/** One part of the page tells, any number of others listen. */

export interface Channel<Told> {
  tell: (told: Told) => void;
  /** Returns how to end the listening. */
  listen: (listener: (told: Told) => void) => () => void;
}

export function channel<Told>(): Channel<Told> {
  const listeners = new Set<(told: Told) => void>();
  return {
    tell: (told) => {
      for (const listener of listeners) listener(told);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
