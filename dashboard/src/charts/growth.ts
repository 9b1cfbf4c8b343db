/** A series that goes on: what of it is held, and how its new end is put on. Pure functions. */
import type { Columns } from "../api/packed";
import type { HeldLine } from "../api/types";

/** A line that has become this many points long is asked for whole again, so that it does not grow without end. */
const MOST_POINTS = 1000;

/** Returns what the server is told of a series that is here, nothing where it is to be sent whole. */
export function heldOf(known: Columns | undefined): Pick<HeldLine, "held" | "after" | "branch"> {
  if (!known?.count || known.reach === null || known.x.length >= MOST_POINTS) return {};
  return { held: known.count, after: known.reach, branch: known.branch };
}

/** Returns a series with its new end, the same object where there is none. */
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
