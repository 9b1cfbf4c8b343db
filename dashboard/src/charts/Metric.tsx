/** The chart of one metric of several runs: asks for its series while it is visible, and draws them. */

import { useMemo, useState } from "preact/hooks";
import type { GroupLine, Run } from "../api/types";
import { unitOf } from "../base/format";
import { type Summary, toBand } from "./bands";
import { Chart } from "./Chart";
import { ChartLegend } from "./ChartLegend";
import { LegendTable } from "./LegendTable";
import { type Line, toLine } from "./lines";
import { useGroups, useSeries, type Wanted } from "./loader";
import type { Look } from "./look";

export interface ChartRun {
  run: Pick<Run, "id" | "rows" | "summary">;
  label: string;
  color: string;
  dash?: number[] | undefined;
  /** Runs with the same band are drawn as one while bands are on. */
  band?: string;
}

/** Returns what changes whenever a run's series may have grown. */
export function stampOf(run: { rows: number }): string {
  return String(run.rows);
}

interface Drawing {
  metric: string;
  runs: ChartRun[];
  smoothing: number;
  look: Look;
  isBanded: boolean;
  /** What the line of a band shows. */
  summary: Summary;
}

interface Props extends Drawing {
  onZoom: (zoom: [number, number] | null) => void;
  /** Draws the chart large, with a table of its lines below. */
  isLarge?: boolean;
  onEnlarge?: () => void;
  choices?: Record<string, () => void>;
}

/** The height of the window that a large chart leaves to the page's head and to the table. */
const AROUND_PX = 330;
const LEAST_PX = 320;

export function Metric({ onZoom, isLarge = false, onEnlarge, choices, ...drawing }: Props) {
  const { metric, look } = drawing;
  const [isVisible, setVisible] = useState(false);
  const { lines, isLoading } = useMetricLines(drawing, isVisible);
  const shown = useMemo(() => {
    const unit = unitOf(metric);
    return unit ? { ...look, unit } : look;
  }, [look, metric]);
  const height = isLarge ? Math.max(LEAST_PX, innerHeight - AROUND_PX) : undefined;
  return (
    <>
      <Chart
        title={metric}
        lines={lines}
        look={shown}
        onZoom={onZoom}
        onVisible={setVisible}
        isLoading={isLoading}
        onEnlarge={onEnlarge}
        {...(choices ? { choices } : {})}
        legend={drawing.isBanded && !isLarge && <ChartLegend lines={lines} />}
        {...(height ? { height, isExact: true } : {})}
      />
      {isLarge && <LegendTable metric={metric} lines={lines} />}
    </>
  );
}

/** Returns a line for each run that has the metric; for each band if bands are on. */
function useMetricLines(drawing: Drawing, isVisible: boolean): { lines: Line[]; isLoading: boolean } {
  const { metric, runs, smoothing, look, isBanded, summary } = drawing;
  const { center, spread } = summary;
  const having = runs.filter(({ run }) => metric in run.summary);
  const wanted = having.map(
    ({ run, band }): Wanted => ({ owner: run.id, key: metric, stamp: stampOf(run), group: band ?? run.id }),
  );
  const view = { x: look.xAxis, zoom: look.zoom };
  const single = useSeries(isBanded ? [] : wanted, view, isVisible);
  const groups = useGroups(isBanded ? wanted : [], view, isVisible);
  const names = having.map(({ color, label }) => color + label).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for what is used of the runs
  const lines = useMemo((): Line[] => {
    if (isBanded) return groups.found.map((group) => bandLine(group, runs, { center, spread }, smoothing));
    const byOwner = new Map(single.found.map((columns) => [columns.owner, columns]));
    return having.flatMap(({ run, label, color, dash }): Line[] => {
      const columns = byOwner.get(run.id);
      if (!columns?.count) return [];
      const last = view.zoom ? {} : { last: run.summary[metric] };
      return [{ ...toLine(columns, { id: run.id, label, color }, smoothing), ...last, ...(dash ? { dash } : {}) }];
    });
  }, [single.found, groups.found, smoothing, isBanded, names, center, spread]);
  return { lines, isLoading: single.isLoading || groups.isLoading };
}

/** Returns a band in the colour of its first run, the same in every chart, whether or not that run has the metric. */
function bandLine(group: GroupLine, runs: ChartRun[], summary: Summary, smoothing: number): Line {
  const { color = "", label = "", dash } = runs.find(({ run, band }) => (band ?? run.id) === group.group) ?? {};
  const name = group.members > 1 ? `${group.group} (${summary.center} of ${group.members})` : label;
  return { ...toBand(group, { id: group.group, label: name, color }, summary, smoothing), ...(dash ? { dash } : {}) };
}
