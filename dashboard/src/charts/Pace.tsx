/** Ranks over steps as heat maps: how long a step took, and who came late to it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, paths, type Run, type Series } from "../base/api";
import { duration, number } from "../base/format";
import { useTheme } from "../base/theme";
import { Section } from "../parts/Page";
import { lags, pace } from "./pace";

const COLUMNS = 160;
const POINTS = 640;
const ROW_PX = 22;

export function Pace({ runs }: { runs: Run[] }) {
  const keys = Object.keys(runs[0]?.summary ?? {}).filter((key) => runs.every((run) => typeof run.summary[key] === "number"));
  const [key, setKey] = useState("");
  const chosen = keys.includes(key) ? key : (keys.find((one) => one.startsWith("train")) ?? keys[0] ?? "");
  const [series, setSeries] = useState<Series[]>([]);
  const stamp = runs.map((run) => run.rows).join();
  useEffect(() => {
    const stop = new AbortController();
    if (chosen) {
      const asked = runs.map((run) => get(paths.buckets(run.id, chosen, POINTS), stop.signal));
      Promise.all(asked).then(setSeries, () => setSeries([]));
    }
    return () => stop.abort();
  }, [chosen, stamp]);
  const { steps, seconds, late } = useMemo(() => {
    const found = series.length === runs.length ? pace(series, COLUMNS) : { steps: [], seconds: [] };
    return { ...found, late: found.steps.length ? lags(series, found.steps) : [] };
  }, [series, runs.length]);
  const names = runs.map((run) => `rank ${run.rank}`);
  return (
    <>
      <Section
        title="Time per step"
        note="the stronger, the slower"
        aside={
          <label>
            measured by
            <select value={chosen} onChange={(event) => setKey(event.currentTarget.value)}>
              {keys.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        }
      >
        {steps.length ? <Heat rows={seconds} names={names} steps={steps} /> : <p class="empty">Too few steps that all ranks share.</p>}
      </Section>
      {steps.length > 0 && (
        <Section title="Behind the first rank" note="how long after the first rank each one logged a step">
          <Heat rows={late} names={names} steps={steps} />
        </Section>
      )}
    </>
  );
}

function Heat({ rows, names, steps }: { rows: (number | null)[][]; names: string[]; steps: number[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [said, setSaid] = useState("");
  const sorted = useMemo(() => rows.flat().filter((value) => value !== null).sort((a, b) => a - b), [rows]);
  const most = sorted[Math.floor(0.98 * (sorted.length - 1))] || sorted.at(-1) || 1;
  useEffect(() => {
    const node = canvas.current!;
    node.width = steps.length;
    node.height = rows.length;
    const ctx = node.getContext("2d")!;
    for (const [y, row] of rows.entries()) {
      for (const [x, value] of row.entries()) {
        const part = value === null ? 0 : Math.min(1, value / most);
        ctx.fillStyle = value === null ? "transparent" : heat(part, theme === "dark");
        ctx.fillRect(x, y, 1, 1);
      }
    }
  }, [rows, most, theme]);
  const mean = rows.map((row) => row.filter((value) => value !== null).reduce((sum, value) => sum + value, 0) / Math.max(1, row.length));
  function point(event: MouseEvent): void {
    const box = canvas.current!.getBoundingClientRect();
    const x = Math.min(steps.length - 1, Math.floor(((event.clientX - box.left) / box.width) * steps.length));
    const y = Math.min(rows.length - 1, Math.floor(((event.clientY - box.top) / box.height) * rows.length));
    const value = rows[y]?.[x];
    setSaid(value == null ? "" : `${names[y]}, step ${number(steps[x]!, 6)}: ${duration(value)}`);
  }
  return (
    <>
      <div class="heat">
        <div class="heat-names">
          {names.map((name, at) => (
            <span key={name} style={{ height: `${ROW_PX}px` }}>
              {name} <span class="soft">{duration(mean[at]!)}</span>
            </span>
          ))}
        </div>
        <canvas ref={canvas} style={{ height: `${rows.length * ROW_PX}px` }} onMouseMove={point} onMouseLeave={() => setSaid("")} role="img" aria-label={`${names.length} ranks over ${steps.length} stretches of steps`} />
      </div>
      <p class="soft heat-said">
        {said || `0 to ${duration(most)}; step ${number(steps[0]!, 6)} to ${number(steps.at(-1)!, 6)}`}
      </p>
    </>
  );
}

function heat(part: number, isDark: boolean): string {
  const [low, high] = isDark ? [[34, 44, 47], [240, 182, 92]] : [[232, 238, 235], [184, 92, 20]];
  return `rgb(${low!.map((from, channel) => Math.round(from + (high![channel]! - from) * part)).join(",")})`;
}
