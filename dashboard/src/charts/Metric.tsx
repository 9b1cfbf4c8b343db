/** One metric of several runs: asks for its series while it is in sight, and draws them. */

import { useMemo, useState } from "preact/hooks";
import type { Run } from "../api/types";
import { unitOf } from "../base/format";
import { Chart } from "./Chart";
import { LegendTable } from "./LegendTable";
import { type Line, toBand, toLine } from "./lines";
import { useGroups, useSeries, type Wanted } from "./loader";
import type { Look } from "./look";

/** What of a run its charts need. */
export type Drawn = Pick<Run, "id" | "rows" | "state" | "summary">;

export interface ChartRun {
  run: Drawn;
  label: string;
  color: string;
  dash?: number[] | undefined;
  /** Runs with the same band are drawn as one, where bands are on. */
  band?: string;
}

export function stampOf(run: { rows: number }): string {
  return String(run.rows);
}

interface Props {
  metric: string;
  runs: ChartRun[];
  smoothing: number;
  look: Look;
  isBanded: boolean;
  onZoom: (zoom: [number, number] | null) => void;
  /** Draws it large, with its lines in a table below. */
  isLarge?: boolean;
  onEnlarge?: () => void;
  acts?: Record<string, () => void>;
}

/** What a large chart leaves of the window to the page's head and to its table. */
const AROUND_PX = 330;
const LEAST_PX = 320;

export function Metric({ metric, runs, smoothing, look, isBanded, onZoom, isLarge = false, onEnlarge, acts }: Props) {
  const [isSeen, setSeen] = useState(false);
  const having = runs.filter(({ run }) => metric in run.summary);
  const wanted = having.map(
    ({ run, band }): Wanted => ({ owner: run.id, key: metric, stamp: stampOf(run), group: band ?? run.id }),
  );
  const view = { x: look.xAxis, zoom: look.zoom };
  const single = useSeries(isBanded ? [] : wanted, view, isSeen);
  const groups = useGroups(isBanded ? wanted : [], view, isSeen);
  const names = having.map(({ color, label }) => color + label).join();
  const lines = useMemo((): Line[] => {
    if (isBanded) {
      // a band has the same colour in every chart: that of its first run, also where that one has not logged the metric
      return groups.found.map((group) => {
        const { color = "", label = "" } = runs.find(({ run, band }) => (band ?? run.id) === group.group) ?? {};
        const name = group.members > 1 ? `${group.group} (mean of ${group.members})` : label;
        return toBand(group, { id: group.group, label: name, color }, smoothing);
      });
    }
    const byOwner = new Map(single.found.map((columns) => [columns.owner, columns]));
    return having.flatMap(({ run, label, color, dash }): Line[] => {
      const columns = byOwner.get(run.id);
      return columns?.count
        ? [{ ...toLine(columns, { id: run.id, label, color }, smoothing), ...(dash ? { dash } : {}) }]
        : [];
    });
  }, [single.found, groups.found, smoothing, isBanded, names]);
  const unit = unitOf(metric);
  const told = useMemo(() => (unit ? { ...look, unit } : look), [look, metric]);
  const height = isLarge ? Math.max(LEAST_PX, innerHeight - AROUND_PX) : undefined;
  return (
    <>
      <Chart
        title={metric}
        lines={lines}
        look={told}
        onZoom={onZoom}
        onSeen={setSeen}
        isLoading={single.isLoading || groups.isLoading}
        onEnlarge={onEnlarge}
        {...(acts ? { acts } : {})}
        {...(height ? { height, isExact: true } : {})}
      />
      {isLarge && <LegendTable metric={metric} lines={lines} />}
    </>
  );
}
