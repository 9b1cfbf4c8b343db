/** The best value over time, with a dot for the value of each trial. */

import { useMemo } from "preact/hooks";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart } from "../charts/Chart";
import type { Line } from "../charts/lines";
import { DEFAULT_LOOK } from "../charts/look";
import { barOf, type Result, rowName } from "./pointRows";
import { bestSoFar, sign } from "./score";
import type { SweepView } from "./useSweepView";

/** The opacity of trials that are not chosen. */
const FADED = 0.12;

export function BestSoFar({ view: { sweep, results, places, chosen, isLog, select } }: { view: SweepView }) {
  const theme = useTheme();
  const { created, goal } = sweep;
  const lines = useMemo((): Line[] => {
    const rows = bestSoFar(results, sign({ goal }));
    if (!rows.length) return [];
    const colorOf = ({ id }: Result) =>
      scaleColor(places.get(id) ?? 1, theme, chosen !== null && !chosen.has(id) ? FADED : 1);
    const bars = rows.flatMap(({ trial, time }): Line[] => {
      const bar = barOf(trial)?.map((end): [number, number] => [time - created, end]);
      const name = { id: `${trial.id}-bar`, label: `${rowName(trial)} ± spread`, color: colorOf(trial) };
      return bar ? [line(name, bar)] : [];
    });
    const looks = {
      dots: rows.map(({ trial }) => colorOf(trial)),
      points: rows.map(({ trial }) => ({ id: trial.id, label: rowName(trial) })),
    };
    const dots = line(
      { id: "trials", label: "trials", color: cssColor("ink-soft"), ...looks },
      rows.map(({ time, value }) => [time - created, value]),
    );
    let before: number | undefined;
    const steps = rows.flatMap(({ time, best, isNew }): [number, number][] => {
      const x = time - created;
      const corner: [number, number][] = isNew && before !== undefined ? [[x, before]] : [];
      before = best;
      return [...corner, [x, best]];
    });
    return [...bars, dots, line({ id: "best", label: "best so far", color: cssColor("accent"), width: 2.2 }, steps)];
  }, [results, places, chosen, theme, created, goal]);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, xAxis: "relative", hasEnvelope: false, isLogY: isLog }), [isLog]);
  return <Chart title={`Best ${sweep.metric ?? "objective"}`} lines={lines} look={look} height={250} onPick={select} />;
}

function line(
  own: Pick<Line, "id" | "label" | "color" | "width" | "dots" | "points">,
  points: [number, number][],
): Line {
  const y = points.map(([, value]) => value);
  return { ...own, x: points.map(([place]) => place), y, low: y, high: y, raw: null, broken: [] };
}
