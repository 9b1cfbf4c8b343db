/** Histograms over the steps as a heat map, a column for each step. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { MediaEntry } from "../api/types";
import { number } from "../base/format";
import { cssColor, faded, useTheme } from "../base/theme";
import type { Histogram } from "./HistogramBars";
import { chosenEntries, ROWS, rangeOf, resampled } from "./resample";
import { useAllJson } from "./useJson";
import "./HistogramsOverTime.css";

interface Props {
  label: string;
  entries: MediaEntry[];
  step: number;
  onStep: (step: number) => void;
}

export function HistogramsOverTime({ label, entries, step, onStep }: Props) {
  const chosen = useMemo(() => chosenEntries(entries), [entries]);
  const found = useAllJson<Histogram>(chosen.map((entry) => entry.digest));
  const [low, high] = useMemo(() => rangeOf(found), [found]);
  if (chosen.length < 2) return null;
  const now = chosen.findLastIndex((entry) => entry.step <= step);
  function point(event: MouseEvent): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * chosen.length);
    const entry = chosen[Math.min(chosen.length - 1, Math.max(0, at))];
    if (entry) onStep(entry.step);
  }
  return (
    <div class="over-time">
      <div class="over-time-scale" aria-hidden="true">
        <span>{number(high, 3)}</span>
        <span>{number(low, 3)}</span>
      </div>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the slider above and the buttons beside choose by keyboard */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <div class="over-time-map" onClick={point}>
        <HeatCanvas
          histograms={found}
          range={[low, high]}
          label={`${label} over ${chosen.length} steps, from ${number(low)} to ${number(high)}`}
        />
        {now >= 0 && <i style={{ left: `${(100 * (now + 0.5)) / chosen.length}%` }} />}
      </div>
      <div class="ends">
        <span>step {chosen[0]?.step}</span>
        <span>{chosen.at(-1)?.step}</span>
      </div>
    </div>
  );
}

interface CanvasProps {
  histograms: Histogram[];
  range: [number, number];
  label: string;
}

function HeatCanvas({ histograms, range: [low, high], label }: CanvasProps) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colour is the theme's
  useEffect(() => {
    if (canvas.current && histograms.length) draw(canvas.current, histograms, low, high);
  }, [histograms, theme, low, high]);
  return <canvas ref={canvas} role="img" aria-label={label} title="click: choose a step" />;
}

function draw(canvas: HTMLCanvasElement, histograms: Histogram[], low: number, high: number): void {
  canvas.width = histograms.length;
  canvas.height = ROWS;
  const context = canvas.getContext("2d");
  if (!context) return;
  const color = cssColor("accent");
  for (const [column, histogram] of histograms.entries()) {
    const rows = resampled(histogram, low, high);
    const most = Math.max(...rows, 1e-12);
    for (const [row, count] of rows.entries()) {
      if (count <= 0) continue;
      context.fillStyle = faded(color, 0.06 + 0.94 * Math.sqrt(count / most));
      context.fillRect(column, ROWS - 1 - row, 1, 1);
    }
  }
}
