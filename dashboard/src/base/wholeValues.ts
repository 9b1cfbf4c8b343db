/** Whole values in the place of rounded ones. Pure functions. */

export interface Shown {
  /** As it is shown. */
  text: string;
  whole: string;
}

/** Returns a text with its rounded values replaced. `shown`: in the order in which they occur. */
export function withWholeValues(text: string, shown: Shown[]): string {
  let rest = text;
  let done = "";
  for (const { text: short, whole } of shown) {
    const at = rest.indexOf(short);
    if (at < 0 || !short) continue;
    done += rest.slice(0, at) + whole;
    rest = rest.slice(at + short.length);
  }
  return done + rest;
}
