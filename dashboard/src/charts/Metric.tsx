/** One metric of several runs: asks for its series while it is in sight, and draws them. */

import { useMemo, useState } from "preact/hooks";
import type { Run } from "../base/api";
import { Chart } from "./Chart";
import { band, type Line, type Shape, toLine } from "./lines";
import { useSeries, type Wanted } from "./loader";
import type { Look } from "./plot";

export interface ChartRun {
  run: Run;
  label: string;
  color: string;
  /** Runs with the same band are drawn as one, where bands are on. */
  band?: string;
}

export function stampOf(run: Run): string {
  return `${run.rows}`;
}

interface Props {
  metric: string;
  runs: ChartRun[];
  shape: Shape;
  look: Look;
  isBanded: boolean;
  onZoom: (zoom: [number, number] | null) => void;
  height?: number;
}

export function Metric({ metric, runs, shape, look, isBanded, onZoom, height }: Props) {
  const [isSeen, setSeen] = useState(false);
  const having = runs.filter(({ run }) => metric in run.summary);
  const along = ["step", "time", "relative"].includes(shape.xAxis) ? null : shape.xAxis;
  const want = (key: string): Wanted[] => having.map(({ run }) => ({ owner: run.id, key, stamp: stampOf(run) }));
  const values = useSeries(want(metric), isSeen);
  const axes = useSeries(along ? want(along) : [], isSeen);
  const colors = having.map(({ color, label }) => color + label).join();
  const lines = useMemo(() => {
    const made = having.flatMap(({ run, label, color }, at): Line[] => {
      const series = values.series[at];
      return series ? [toLine(series, { id: run.id, label, color, created: run.created }, shape, axes.series[at] ?? null)] : [];
    });
    return isBanded ? banded(having, made) : made;
  }, [values.series, axes.series, shape.xAxis, shape.smoothing, isBanded, colors]);
  return (
    <Chart title={metric} lines={lines} look={look} onZoom={onZoom} onSeen={setSeen} isLoading={values.isLoading} {...(height ? { height } : {})} />
  );
}

function banded(runs: ChartRun[], lines: Line[]): Line[] {
  const members = Map.groupBy(lines, (line) => runs.find(({ run }) => run.id === line.id)?.band ?? line.id);
  return [...members].map(([name, group]) =>
    group.length === 1 ? group[0]! : band(group, { id: name, label: `${name} (mean of ${group.length})`, color: group[0]!.color }),
  );
}
