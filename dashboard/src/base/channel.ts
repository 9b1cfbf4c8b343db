/** A channel between parts of the page: one sends, any number of others listen. */

export interface Channel<Message> {
  send: (message: Message) => void;
  /** Returns a function that ends the listening. */
  listen: (listener: (message: Message) => void) => () => void;
}

export function channel<Message>(): Channel<Message> {
  const listeners = new Set<(message: Message) => void>();
  return {
    send: (message) => {
      for (const listener of listeners) listener(message);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
