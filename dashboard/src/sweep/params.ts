/** The parameters of trials, as one level. Many plots read those of every trial. */

import type { Trial } from "../api/types";
import { flat } from "../base/format";

const known = new WeakMap<object, Record<string, unknown>>();

/** Returns the parameters of a trial under dotted names. */
export function paramsOf({ params }: Pick<Trial, "params">): Record<string, unknown> {
  const before = known.get(params);
  if (before) return before;
  const found = flat(params);
  known.set(params, found);
  return found;
}
