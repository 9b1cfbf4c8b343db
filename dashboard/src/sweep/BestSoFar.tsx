/** The best value over time, and every trial's own as a dot. */

import { useMemo } from "preact/hooks";
import type { Sweep, Trial } from "../api/types";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart, DEFAULT_LOOK } from "../charts/Chart";
import type { Line } from "../charts/lines";
import { bestSoFar, sign } from "./score";

export function BestSoFar({
  sweep,
  trials,
  places,
  chosen,
  isLog,
  onSelect,
}: {
  sweep: Sweep;
  trials: Trial[];
  places: Map<string, number>;
  chosen: Set<string> | null;
  isLog: boolean;
  onSelect: (trial: string) => void;
}) {
  const theme = useTheme();
  const lines = useMemo((): Line[] => {
    const rows = bestSoFar(trials, sign(sweep));
    const x = rows.map((row) => row.time - sweep.created);
    const steps = rows.flatMap((row, at) =>
      at && row.isNew
        ? [
            { x: x[at]!, y: rows[at - 1]!.best },
            { x: x[at]!, y: row.best },
          ]
        : [{ x: x[at]!, y: row.best }],
    );
    const none = { raw: null, broken: [] as number[] };
    const own = (values: number[]) => ({ y: values, low: values, high: values });
    const best: Line = {
      id: "best",
      label: "best so far",
      color: cssColor("accent"),
      width: 2.2,
      x: steps.map((step) => step.x),
      ...own(steps.map((step) => step.y)),
      ...none,
    };
    const single = rows.map((row, at): Line => {
      const isOut = chosen !== null && !chosen.has(row.trial.id);
      const color = scaleColor(places.get(row.trial.id) ?? 1, theme, isOut ? 0.12 : 1);
      return {
        id: row.trial.id,
        label: `trial ${row.trial.number}`,
        color,
        dots: [color],
        x: [x[at]!],
        ...own([row.value]),
        ...none,
      };
    });
    return rows.length ? [...single, best] : [];
  }, [trials, places, chosen, theme, sweep.created, sweep.goal]);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, xAxis: "relative", hasEnvelope: false, isLogY: isLog }), [isLog]);
  return (
    <Chart title={`Best ${sweep.metric ?? "objective"}`} lines={lines} look={look} height={250} onPick={onSelect} />
  );
}
