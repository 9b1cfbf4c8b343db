/** Charts of system metrics: one for each quantity, over the time of day. */

import { useMemo, useState } from "preact/hooks";
import { useNow } from "../api/data";
import { faded, lineColor, lineDash, useTheme } from "../base/theme";
import { Chart } from "./Chart";
import { type Line, toLine } from "./lines";
import { useSeries } from "./loader";
import type { Look } from "./look";
import { DEFAULT_LOOK } from "./look";
import { describe, parseKey, rankOf, type Sampling } from "./quantity";

/** A series that a chart draws. */
export interface Sample {
  owner: string;
  key: string;
  stamp: string;
  label: string;
  /** The index of its colour. Without it, the line's place in its chart. */
  color?: number;
  /** Whether it is marked among the others; undefined if no series is marked. */
  isOwn?: boolean | undefined;
}

interface Panel {
  title: string;
  samples: Sample[];
  place: number;
  unit: (value: number) => string;
  range?: [number, number] | undefined;
}

interface Props {
  samples: Sample[];
  of: Sampling;
  from: number;
  to: number | null;
  note?: string;
}

/** `note`: shown at the charts of GPUs. */
export function SystemCharts({ samples, of, from, to, note }: Props) {
  const panels = useMemo(() => panelsOf(samples, of), [samples, of]);
  return (
    <div class="chart-grid">
      {panels.map((panel) => (
        <SystemChart
          key={panel.title}
          panel={panel}
          from={from}
          to={to}
          note={panel.title.startsWith("GPU") ? (note ?? "") : ""}
        />
      ))}
    </div>
  );
}

function SystemChart({ panel, from, to, note }: { panel: Panel; from: number; to: number | null; note: string }) {
  const [isVisible, setVisible] = useState(false);
  const theme = useTheme();
  const now = useNow(10_000);
  const end = to ?? from + Math.max(60, Math.ceil((now - from) / 10) * 10);
  const view = useMemo(() => ({ x: "time", zoom: [from, Math.max(end, from + 5)] as [number, number] }), [from, end]);
  const { found: series, isLoading } = useSeries(panel.samples, view, isVisible);
  const lines = useMemo(
    () =>
      series.flatMap((found, at): Line[] => {
        const sample = panel.samples[at];
        if (!found.count || !sample || sample.key !== found.key) return [];
        const plain = lineColor(sample.color ?? at, theme);
        const color = sample.isOwn === false ? faded(plain, 0.35) : plain;
        const line = toLine(found, { id: `${sample.owner} ${sample.key}`, label: sample.label, color });
        const dash = lineDash(sample.color ?? at);
        return [{ ...line, ...(dash ? { dash } : {}), width: sample.isOwn ? 2.4 : 1.3 }];
      }),
    [series, theme, panel],
  );
  const first = Math.min(...lines.map((line) => line.x[0] ?? Number.POSITIVE_INFINITY));
  const { unit, range } = panel;
  const look: Look = useMemo(
    () => ({
      ...DEFAULT_LOOK,
      xAxis: "time",
      zoom: first < end ? [Math.max(from, first), end] : view.zoom, // no empty half if sampling started later
      unit,
      ...(range ? { yRange: range } : {}),
    }),
    [view, unit, range, first, from, end],
  );
  return (
    <Chart
      title={panel.title}
      note={note}
      lines={lines}
      look={look}
      height={170}
      onVisible={setVisible}
      isLoading={isLoading}
    />
  );
}

/** Returns one panel for each quantity, with the series of all GPUs and ranks. */
function panelsOf(samples: Sample[], of: Sampling): Panel[] {
  const panels = new Map<string, Panel>();
  for (const sample of samples) {
    const sampled = parseKey(sample.key);
    const { title, unit, range } = describe(sampled, of);
    const panel = panels.get(title) ?? { title, samples: [], place: rankOf(sampled, of), unit, range };
    panel.samples.push(sample);
    panels.set(title, panel);
  }
  const isGpu = ({ title }: Panel) => Number(title.startsWith("GPU"));
  return [...panels.values()].sort((a, b) => isGpu(b) - isGpu(a) || a.place - b.place);
}
