/** The learning curve of every trial, coloured by its result. A dot ends one that was stopped, with the reason. */

import { useMemo, useState } from "preact/hooks";
import type { Trial } from "../api/types";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart } from "../charts/Chart";
import { type Line, toLine } from "../charts/lines";
import { useSeries, WHOLE } from "../charts/loader";
import { DEFAULT_LOOK } from "../charts/look";
import { stampOf } from "../charts/Metric";
import { isTop } from "./score";
import type { SweepView } from "./useSweepView";

const TOP_WIDTH = 2.4;
/** The opacity of trials that are not chosen. */
const FADED = 0.1;

export function Curves({ view }: { view: SweepView }) {
  const { sweep, trials, runs, isLog, select } = view;
  const [isVisible, setVisible] = useState(false);
  const metric = sweep.metric ?? "";
  const { lines, isLoading } = useCurves(view, isVisible);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, hasEnvelope: false, isLogY: isLog }), [isLog]);
  const drawn = runs.filter((run) => run.hasMetric).length;
  const which = runs.length < trials.length / 2 ? `the best ${drawn}, and running ones` : "one line for each trial";
  return (
    <Chart
      title={metric || "objective"}
      note={`${which}; dots: stopped early`}
      lines={lines}
      look={look}
      height={250}
      onPick={select}
      onVisible={setVisible}
      isLoading={isLoading}
    />
  );
}

function useCurves(view: SweepView, isVisible: boolean): { lines: Line[]; isLoading: boolean } {
  const { sweep, trials, places, runs, chosen } = view;
  const theme = useTheme();
  const metric = sweep.metric ?? "";
  const having = useMemo(() => runs.filter((run) => run.hasMetric), [runs]);
  const wanted = having.map((run) => ({ owner: run.id, key: metric, stamp: stampOf(run) }));
  const { found: series, isLoading } = useSeries(metric ? wanted : [], WHOLE, isVisible);
  const lines = useMemo(() => {
    const byOwner = new Map(series.map((columns) => [columns.owner, columns]));
    const byId = new Map(trials.map((trial) => [trial.id, trial]));
    const made = having.flatMap((run) => {
      const columns = byOwner.get(run.id);
      const trial = byId.get(run.trial);
      if (!columns?.count || !trial) return [];
      const place = places.get(trial.id) ?? 1;
      const isOut = chosen !== null && !chosen.has(trial.id);
      const color = scaleColor(place, theme, isOut ? FADED : 1);
      const line = toLine(columns, { id: trial.id, label: `trial ${trial.number}`, color });
      const look = { ...(isOut ? {} : endOf(trial)), ...(isTop(place, places.size) ? { width: TOP_WIDTH } : {}) };
      return [{ ...line, ...look, place }];
    });
    return made.sort((a, b) => b.place - a.place); // the best ones are drawn last, above the others
  }, [series, having, trials, places, chosen, theme]);
  return { lines, isLoading };
}

/** Returns the dot at the end of a trial that did not finish. */
function endOf(trial: Trial): Pick<Line, "end"> {
  const isEnded = trial.state === "stopped" || trial.state === "failed" || trial.state === "lost";
  if (!isEnded) return {};
  return { end: { color: cssColor(trial.state === "stopped" ? "warn" : "bad"), text: trial.reason || trial.state } };
}
