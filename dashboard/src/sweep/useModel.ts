/** What the model of a sweep's method expects, computed by the server once somebody wants to see it. */

import { useEffect, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { type Path, paths } from "../api/routes";
import type { ModelPoint, SweepModel, TrialModel } from "../api/types";

/** Returns the answer of a path, asked once for each `version` of the data; undefined until it is known. */
function useComputed<T>(path: Path<T> | null, version: number): T | undefined {
  const [found, setFound] = useState<{ path: string; value: T }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` asks again
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    get(path, stop.signal).then(
      (value) => setFound({ path, value }),
      (error: Error) => {
        if (error instanceof Refusal) setFound(undefined); // the page's own questions say what is wrong
      },
    );
    return () => stop.abort();
  }, [path, version]);
  return found && found.path === path ? found.value : undefined;
}

/** Returns what the model expects along each parameter. `results`: how many there are; more of them change the model. */
export function useSweepModel(sweep: string, isWanted: boolean, results: number): SweepModel | undefined {
  return useComputed(isWanted ? paths.sweepModel(sweep) : null, results);
}

/** Returns what the model expected of a trial's point; null if no model chose it. */
export function useTrialModel(trial: string, isChosen: boolean): TrialModel | null | undefined {
  return useComputed(isChosen ? paths.trialModel(trial) : null, 0);
}

/** Returns the points of a slice within what trials reached and a quarter more, so that they do not squeeze its axis. */
export function clipped(points: ModelPoint[], reached: number[]): ModelPoint[] {
  const [least, most] = [Math.min(...reached), Math.max(...reached)];
  const room = (most - least) / 4 || Math.abs(most) / 4 || 1;
  const floor = least > 0 ? Math.max(least / 2, least - room) : least - room; // above 0 for logarithmic axes
  const clip = (value: number) => Math.min(most + room, Math.max(floor, value));
  return points.map(({ value, expected, low, high }) => ({
    ...{ value, expected: clip(expected), low: clip(low), high: clip(high) },
  }));
}
