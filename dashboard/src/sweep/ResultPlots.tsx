/** The results of a sweep: their distribution, their ranks, and the regret against the effort. */

import { useMemo } from "preact/hooks";
import { useChoiceParam } from "../base/router";
import { Section } from "../base/Section";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Chart } from "../charts/Chart";
import type { Line } from "../charts/lines";
import { DEFAULT_LOOK } from "../charts/look";
import { rowName } from "./pointRows";
import { distribution, EFFORTS, type Points, rankByNumber, regret } from "./results";
import { sign } from "./score";
import type { SweepView } from "./useSweepView";

const HEIGHT_PX = 200;
const PLAIN = { ...DEFAULT_LOOK, hasEnvelope: false };

export function ResultPlots({ view }: { view: SweepView }) {
  const { sweep, shown, places, select } = view;
  const theme = useTheme();
  const [effort, setEffort] = useChoiceParam("effort", EFFORTS);
  const metric = sweep.metric ?? "objective";
  const { goal, created } = sweep;
  const spread = useMemo(() => [lineOf(metric, distribution(shown))], [metric, shown]);
  const gap = useMemo(
    () => [lineOf("regret", regret(shown, sign({ goal }), effort, created))],
    [shown, goal, effort, created],
  );
  const ranks = useMemo(() => {
    const rows = rankByNumber(shown, places);
    const dots = rows.map(({ trial }) => scaleColor(places.get(trial.id) ?? 1, theme));
    const points = rows.map(({ trial }) => ({ id: trial.id, label: rowName(trial) }));
    return [
      {
        ...lineOf(
          "rank",
          rows.map(({ trial, rank }) => [trial.number, rank]),
        ),
        ...{ dots, points },
      },
    ];
  }, [shown, places, theme]);
  return (
    <Section
      title="Results"
      aside={
        <label>
          regret by
          <select value={effort} onChange={(event) => setEffort(event.currentTarget.value as typeof effort)}>
            {EFFORTS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      }
    >
      <div class="slices wide-slices">
        <Chart
          title="Part of the trials with at most this value"
          lines={spread}
          look={{ ...PLAIN, xAxis: `key:${metric}` }}
          height={HEIGHT_PX}
        />
        <Chart
          title="Rank of each trial"
          lines={ranks}
          look={{ ...PLAIN, xAxis: "key:trial" }}
          height={HEIGHT_PX}
          onPick={select}
        />
        <Chart
          title="Best value, compared with the end"
          lines={gap}
          look={{ ...PLAIN, xAxis: `key:${effort}` }}
          height={HEIGHT_PX}
        />
      </div>
    </Section>
  );
}

function lineOf(label: string, points: Points): Line {
  const y = points.map(([, value]) => value);
  const name = { id: label, label, color: cssColor("accent") };
  return { ...name, x: points.map(([x]) => x), y, low: y, high: y, raw: null, broken: [] };
}
