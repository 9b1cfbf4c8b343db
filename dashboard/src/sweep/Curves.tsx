/** Every trial's learning curve, coloured by how good it became; a dot ends one that was stopped, with the reason. */

import { useMemo, useState } from "preact/hooks";
import type { Run, Sweep, Trial } from "../base/api";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart, DEFAULT_LOOK } from "../charts/Chart";
import { type Line, toLine } from "../charts/lines";
import { useSeries, WHOLE } from "../charts/loader";
import { stampOf } from "../charts/Metric";
import { ranking, sign } from "./score";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  runs: Run[];
  chosen: Set<string> | null;
  isLog: boolean;
  onSelect: (trial: string) => void;
}

export function Curves({ sweep, trials, runs, chosen, isLog, onSelect }: Props) {
  const theme = useTheme();
  const [isSeen, setSeen] = useState(false);
  const metric = sweep.metric ?? "";
  const first = useMemo(() => firstRanks(runs).filter((run) => metric in run.summary), [runs, metric]);
  const wanted = first.map((run) => ({ owner: run.id, key: metric, stamp: stampOf(run) }));
  const { found: series, isLoading } = useSeries(metric ? wanted : [], WHOLE, isSeen);
  const lines = useMemo(() => {
    const places = ranking([...trials], sign(sweep));
    const byOwner = new Map(series.map((columns) => [columns.owner, columns]));
    const made = first.flatMap((run): (Line & { place: number })[] => {
      const found = byOwner.get(run.id);
      const trial = trials.find((one) => one.id === run.trial);
      if (!found?.count || !trial) return [];
      const place = places.get(trial.id) ?? 1;
      const isOut = chosen !== null && !chosen.has(trial.id);
      const color = scaleColor(place, theme, isOut ? 0.1 : 1);
      const line = toLine(found, { id: trial.id, label: `trial ${trial.number}`, color });
      const isEnded = trial.state === "stopped" || trial.state === "failed" || trial.state === "lost";
      const end = isEnded && !isOut ? { color: cssColor(trial.state === "stopped" ? "warn" : "bad"), text: trial.reason || trial.state } : null;
      return [{ ...line, ...(end ? { end } : {}), ...(place < 0.1 ? { width: 2.4 } : {}), place }];
    });
    return made.sort((a, b) => b.place - a.place);
  }, [series, trials, chosen, theme, first]);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, hasEnvelope: false, isLogY: isLog }), [isLog]);
  return <Chart title={metric || "objective"} note="a trial a line; dots: stopped early" lines={lines} look={look} height={250} onPick={onSelect} onSeen={setSeen} isLoading={isLoading} />;
}

/** Returns of each trial the run with the lowest rank, of its latest attempt. */
export function firstRanks(runs: Run[]): Run[] {
  const found = new Map<string, Run>();
  for (const run of runs) {
    const before = run.trial ? found.get(run.trial) : undefined;
    if (run.trial && (!before || run.rank < before.rank)) found.set(run.trial, run);
  }
  return [...found.values()];
}
