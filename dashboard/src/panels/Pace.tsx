/** Ranks over steps as heat maps: how long a step took, and who came late to it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import { paths } from "../api/routes";
import type { Run, Series } from "../api/types";
import { duration, number, unitOf } from "../base/format";
import { Section } from "../base/Page";
import { byMetricRank } from "../base/ranking";
import { useParam } from "../base/router";
import { useTheme } from "../base/theme";
import { lags, pace, valuesAt } from "../charts/pace";

const COLUMNS = 160;
const POINTS = 640;
const ROW_PX = 22;

/** What `SweepCallback` logs of every rank: the one to look at first. */
const OWN = "rank/step_s";

export function Pace({ runs }: { runs: Run[] }) {
  const keys = useMemo(() => sharedKeys(runs), [runs]);
  const [key, setKey] = useParam("by");
  const chosen = keys.includes(key)
    ? key
    : (keys.find((one) => one === OWN) ?? keys.find((one) => one.startsWith("train")) ?? keys[0] ?? "");
  const [series, setSeries] = useState<Series[] | null>(null);
  const stamp = runs.map((run) => run.rows).join();
  useEffect(() => {
    const stop = new AbortController();
    if (chosen) {
      const asked = runs.map((run) =>
        chosen in run.summary
          ? get(paths.buckets(run.id, chosen, POINTS), stop.signal)
          : { owner: run.id, key: chosen, count: 0, buckets: [] },
      );
      Promise.all(asked).then(setSeries, () => stop.signal.aborted || setSeries([]));
    }
    return () => stop.abort();
  }, [chosen, stamp]);
  const { steps, seconds, late, values } = useMemo(() => {
    const found = series?.length === runs.length ? pace(series, COLUMNS) : { steps: [], seconds: [] };
    const { steps: at } = found;
    return { ...found, late: at.length ? lags(series!, at) : [], values: at.length ? valuesAt(series!, at) : [] };
  }, [series, runs.length]);
  const names = runs.map((run) => `rank ${run.rank}`);
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
      {!steps.length && <p class="empty">Too few steps of {chosen} yet.</p>}
      {steps.length > 0 && (
        <>
          <Section title="Behind the first rank" note={slowest(late, seconds, names)}>
            <Heat rows={late} names={names} steps={steps} tell={duration} from={0} />
          </Section>
          <Section title="Time per step" note="between two of its values, as the clock says">
            <Heat rows={seconds} names={names} steps={steps} tell={duration} />
          </Section>
          <Section title={chosen} note="its values, rank by rank">
            <Heat rows={values} names={names} steps={steps} tell={unitOf(chosen) ?? number} />
          </Section>
        </>
      )}
    </>
  );
}

/** Returns the metrics that two ranks or more have logged as numbers: one that ended early must not hide the others. */
function sharedKeys(runs: Run[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs)
    for (const [key, given] of Object.entries(run.summary))
      if (typeof given === "number") counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1 || runs.length === 1)
    .map(([key]) => key)
    .sort(byMetricRank);
}

/** Returns who lags most, in words; where nobody stands out it is not said who. */
function slowest(late: (number | null)[][], seconds: (number | null)[][], names: string[]): string {
  const means = late.map(meanOf);
  const most = means.indexOf(Math.max(...means));
  const others = means.filter((_, at) => at !== most);
  const usual = others.reduce((sum, value) => sum + value, 0) / Math.max(1, others.length);
  const step = Math.max(...seconds.map(meanOf));
  const plain = "how long after the first rank each one logged a step";
  return others.length && means[most]! > Math.max(STANDS_OUT * usual, NOTABLE * step)
    ? `${names[most]} lags most: ${duration(means[most]!)} in the mean, the others ${duration(usual)}`
    : plain;
}

/** How many times the others' mean lag makes a straggler. */
const STANDS_OUT = 2;
/** Which part of a step a lag has to be worth, to be told of. */
const NOTABLE = 0.2;

function meanOf(row: (number | null)[]): number {
  const there = row.filter((value) => value !== null);
  return there.reduce((sum, value) => sum + value, 0) / Math.max(1, there.length);
}

interface HeatProps {
  rows: (number | null)[][];
  names: string[];
  steps: number[];
  tell: (value: number) => string;
  /** Where the colours begin; else at the least value. */
  from?: number;
}

/** The least and the most that is told apart by colour: the outermost 2 % are drawn as those. */
const OUTER = 0.02;

function Heat({ rows, names, steps, tell, from }: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [said, setSaid] = useState("");
  const sorted = useMemo(
    () =>
      rows
        .flat()
        .filter((value) => value !== null)
        .sort((a, b) => a - b),
    [rows],
  );
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] ?? 0;
  const least = from ?? at(OUTER);
  const most = Math.max(at(1 - OUTER), least) || at(1);
  useEffect(() => {
    const node = canvas.current!;
    node.width = steps.length;
    node.height = rows.length;
    const ctx = node.getContext("2d")!;
    for (const [y, row] of rows.entries()) {
      for (const [x, value] of row.entries()) {
        if (value === null) continue;
        ctx.fillStyle = heat(Math.min(1, Math.max(0, (value - least) / (most - least || 1))), theme === "dark");
        ctx.fillRect(x, y, 1, 1);
      }
    }
  }, [rows, least, most, theme]);
  function point(event: MouseEvent): void {
    const box = canvas.current!.getBoundingClientRect();
    const x = Math.min(steps.length - 1, Math.floor(((event.clientX - box.left) / box.width) * steps.length));
    const y = Math.min(rows.length - 1, Math.floor(((event.clientY - box.top) / box.height) * rows.length));
    const value = rows[y]?.[x];
    setSaid(`${names[y]}, step ${Math.round(steps[x]!)}: ${value == null ? "not there" : tell(value)}`);
  }
  const isDark = theme === "dark";
  return (
    <>
      <div class="heat">
        <div class="heat-names">
          {names.map((name, index) => (
            <span key={name} style={{ height: `${ROW_PX}px` }}>
              {name}{" "}
              <span class="soft" title="in the mean">
                {tell(meanOf(rows[index]!))}
              </span>
            </span>
          ))}
        </div>
        <canvas
          ref={canvas}
          style={{ height: `${rows.length * ROW_PX}px` }}
          onMouseMove={point}
          onMouseLeave={() => setSaid("")}
          role="img"
          aria-label={`${names.length} ranks over ${steps.length} stretches of steps, from ${tell(least)} to ${tell(most)}`}
        />
      </div>
      <p class="soft heat-said">
        <span>{said || `step ${Math.round(steps[0]!)} to ${Math.round(steps.at(-1)!)}`}</span>
        <span class="scale">
          {tell(least)}{" "}
          <i style={{ background: `linear-gradient(to right, ${heat(0, isDark)}, ${heat(1, isDark)})` }} /> {tell(most)}
        </span>
      </p>
    </>
  );
}

function heat(part: number, isDark: boolean): string {
  const [low, high] = isDark
    ? [
        [40, 50, 53],
        [240, 182, 92],
      ]
    : [
        [232, 238, 235],
        [184, 92, 20],
      ];
  return `rgb(${low!.map((from, channel) => Math.round(from + (high![channel]! - from) * part)).join(",")})`;
}
