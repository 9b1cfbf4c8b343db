/** Every trial's learning curve, coloured by how good it became; a dot ends one that was stopped, with the reason. */

import { useMemo, useState } from "preact/hooks";
import type { Sweep, Trial } from "../api/types";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart, DEFAULT_LOOK } from "../charts/Chart";
import { type Line, toLine } from "../charts/lines";
import { useSeries, WHOLE } from "../charts/loader";
import { stampOf } from "../charts/Metric";
import type { FirstRun } from "./loadTrials";
import { isTop } from "./score";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  places: Map<string, number>;
  /** Of the trials that are drawn. */
  runs: FirstRun[];
  chosen: Set<string> | null;
  isLog: boolean;
  onSelect: (trial: string) => void;
}

export function Curves({ sweep, trials, places, runs, chosen, isLog, onSelect }: Props) {
  const theme = useTheme();
  const [isSeen, setSeen] = useState(false);
  const metric = sweep.metric ?? "";
  const having = useMemo(() => runs.filter((run) => run.hasMetric), [runs]);
  const wanted = having.map((run) => ({ owner: run.id, key: metric, stamp: stampOf(run) }));
  const { found: series, isLoading } = useSeries(metric ? wanted : [], WHOLE, isSeen);
  const lines = useMemo(() => {
    const byOwner = new Map(series.map((columns) => [columns.owner, columns]));
    const byId = new Map(trials.map((trial) => [trial.id, trial]));
    const made = having.flatMap((run): (Line & { place: number })[] => {
      const found = byOwner.get(run.id);
      const trial = byId.get(run.trial);
      if (!found?.count || !trial) return [];
      const place = places.get(trial.id) ?? 1;
      const isOut = chosen !== null && !chosen.has(trial.id);
      const color = scaleColor(place, theme, isOut ? 0.1 : 1);
      const line = toLine(found, { id: trial.id, label: `trial ${trial.number}`, color });
      const isEnded = trial.state === "stopped" || trial.state === "failed" || trial.state === "lost";
      const end =
        isEnded && !isOut
          ? { color: cssColor(trial.state === "stopped" ? "warn" : "bad"), text: trial.reason || trial.state }
          : null;
      return [{ ...line, ...(end ? { end } : {}), ...(isTop(place, places.size) ? { width: 2.4 } : {}), place }];
    });
    return made.sort((a, b) => b.place - a.place);
  }, [series, having, trials, places, chosen, theme]);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, hasEnvelope: false, isLogY: isLog }), [isLog]);
  return (
    <Chart
      title={metric || "objective"}
      note={`${runs.length < trials.length / 2 ? `the best ${having.length}, and those at work` : "a trial a line"}; dots: stopped early`}
      lines={lines}
      look={look}
      height={250}
      onPick={onSelect}
      onSeen={setSeen}
      isLoading={isLoading}
    />
  );
}
