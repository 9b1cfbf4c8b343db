/** The pace of ranks over steps as heat maps: how long a step took, and which rank came late to it. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api/client";
import { paths } from "../api/routes";
import type { Run, Series } from "../api/types";
import { duration, number, unitOf } from "../base/format";
import { useParam } from "../base/router";
import { Section } from "../base/Section";
import { lags, pace, valuesAt } from "../charts/pace";
import { HeatMap } from "./HeatMap";
import { sharedKeys, slowestText } from "./stragglers";

const COLUMNS = 160;
const POINTS = 640;

/** The metric that `SweepCallback` logs on every rank. It measures best. */
const STEP_METRIC = "rank/step_s";

export function Pace({ runs }: { runs: Run[] }) {
  const keys = useMemo(() => sharedKeys(runs), [runs]);
  const [key, setKey] = useParam("by");
  const chosen = keys.includes(key) ? key : usualKey(keys);
  const series = useRankSeries(runs, chosen);
  if (!keys.length) return <p class="empty">No metric was logged by two ranks.</p>;
  if (series === null) return <p class="empty">…</p>;
  return (
    <>
      <div class="toolbar">
        <label>
          measured by
          <select value={chosen} onChange={(event) => setKey(event.currentTarget.value)}>
            {keys.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <HeatMaps runs={runs} metric={chosen} series={series} />
    </>
  );
}

function usualKey(keys: string[]): string {
  return keys.find((one) => one === STEP_METRIC) ?? keys.find((one) => one.startsWith("train")) ?? keys[0] ?? "";
}

function HeatMaps({ runs, metric, series }: { runs: Run[]; metric: string; series: Series[] }) {
  const { start, steps, seconds, late, values } = useMemo(() => {
    const found = series.length === runs.length ? pace(series, COLUMNS) : { start: 0, steps: [], seconds: [] };
    return { ...found, late: lags(series, found.steps), values: valuesAt(series, found.steps) };
  }, [series, runs.length]);
  const names = runs.map((run) => `rank ${run.rank}`);
  const shared = { names, steps, start };
  if (!steps.length) return <p class="empty">Too few steps of {metric} yet.</p>;
  return (
    <>
      <Section title="Behind the first rank" note={slowestText(late, seconds, names)}>
        <HeatMap {...shared} rows={late} format={duration} from={0} />
      </Section>
      <Section title="Time per step" note="wall time between two of its values">
        <HeatMap {...shared} rows={seconds} format={duration} />
      </Section>
      <Section title={metric} note="its values, rank by rank">
        <HeatMap {...shared} rows={values} format={unitOf(metric) ?? number} />
      </Section>
    </>
  );
}

/** Returns one series of each run; null until they are here. */
function useRankSeries(runs: Run[], metric: string): Series[] | null {
  const [series, setSeries] = useState<Series[] | null>(null);
  const stamp = runs.map((run) => run.rows).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `stamp` changes when a run's series may have grown
  useEffect(() => {
    const stop = new AbortController();
    const read = async (run: Run): Promise<Series> => {
      if (!(metric in run.summary)) return { owner: run.id, key: metric, count: 0, buckets: [] };
      return get(paths.buckets(run.id, metric, POINTS), stop.signal);
    };
    if (metric) Promise.all(runs.map(read)).then(setSeries, () => stop.signal.aborted || setSeries([]));
    return () => stop.abort();
  }, [metric, stamp]);
  return series;
}
