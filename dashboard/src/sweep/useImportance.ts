/** The importance of parameters, computed by the server for the trials that are chosen. */

import { useEffect, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { paths } from "../api/routes";
import type { SweepImportance, Trial } from "../api/types";
import { useRested } from "../base/rested";
import { rangesText } from "./ranges";
import { hasObjective } from "./score";

/** How long the chosen trials rest before the server computes, in milliseconds: it takes a while. */
const REST_MS = 1500;

/** Returns the importance of each parameter over these trials; undefined until it is known. */
export function useImportance(sweep: string, metric: string, trials: Trial[]): SweepImportance | undefined {
  const [found, setFound] = useState<SweepImportance>();
  const numbers = rangesText(trials.filter((one) => hasObjective(one) && one.ended !== null).map((one) => one.number));
  const asked = useRested(numbers, found ? REST_MS : 0);
  useEffect(() => {
    if (!asked) {
      setFound(undefined);
      return;
    }
    const stop = new AbortController();
    get(paths.importance(sweep, { trials: asked, ...(metric ? { metric } : {}) }), stop.signal).then(
      setFound,
      (error: Error) => {
        if (error instanceof Refusal) setFound(undefined); // the page's own questions say what is wrong
      },
    );
    return () => stop.abort();
  }, [sweep, metric, asked]);
  return found;
}
