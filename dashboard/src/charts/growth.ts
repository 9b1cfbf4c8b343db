/** A growing series: which part of it is loaded, and how its new end is appended. Pure functions. */
import type { Columns } from "../api/packed";
import type { HeldLine } from "../api/types";

/** A line of this many points is loaded as a whole again, so that it does not grow without limit. */
const MOST_POINTS = 1000;

/** Returns which points of a series are loaded. Empty if the whole series should be sent. */
export function heldOf(known: Columns | undefined): Pick<HeldLine, "held" | "after" | "branch"> {
  if (!known?.count || known.reach === null || known.x.length >= MOST_POINTS) return {};
  return { held: known.count, after: known.reach, branch: known.branch };
}

/** Returns a series with its new end appended; the same object if there is nothing new. */
export function grown(known: Columns, tail: Columns): Columns {
  if (tail.count === known.count) return known;
  const mean = known.mean.concat(tail.mean);
  const isFlat = known.minimum === known.mean && tail.minimum === tail.mean;
  return {
    ...tail,
    x: known.x.concat(tail.x),
    mean,
    minimum: isFlat ? mean : known.minimum.concat(tail.minimum),
    maximum: isFlat ? mean : known.maximum.concat(tail.maximum),
    broken: known.broken.concat(tail.broken.map((at) => at + known.x.length)),
  };
}
