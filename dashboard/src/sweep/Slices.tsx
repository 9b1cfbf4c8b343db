/** One small scatter a parameter: its value against the objective; and how much each goes along with it. */

import { useMemo } from "preact/hooks";
import type { Sweep, Trial } from "../base/api";
import { flat, number } from "../base/format";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { Drawing } from "./Drawing";
import { importance, type Parameter, ranking, sign } from "./score";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  parameters: Parameter[];
  chosen: Set<string> | null;
}

export function Slices({ sweep, trials, parameters, chosen }: Props) {
  const theme = useTheme();
  const option = useMemo(() => {
    const scored = trials.filter((trial) => trial.objective !== null);
    const places = ranking([...scored], sign(sweep));
    const ink = cssColor("ink-soft");
    const objectives = scored.map((trial) => trial.objective!);
    const isLog = objectives.length > 0 && Math.min(...objectives) > 0 && Math.max(...objectives) / Math.min(...objectives) > 20;
    const part = 100 / Math.max(1, parameters.length);
    const label = { color: ink, fontSize: 11, hideOverlap: true, formatter: (value: unknown) => (typeof value === "number" ? number(value, 2) : String(value)) };
    const plain = { axisLine: { show: true, onZero: false, lineStyle: { color: cssColor("line-strong") } }, axisTick: { show: false }, minorSplitLine: { show: false } };
    return {
      animation: false,
      grid: parameters.map((_, at) => ({ left: `${at * part + (at ? 1.5 : 0)}%`, width: `${part - 2.5}%`, top: 10, bottom: 26, containLabel: false, ...(at ? {} : { left: 44, width: `${part - 4}%` }) })),
      xAxis: parameters.map((one, at) => ({
        ...plain,
        gridIndex: at,
        name: one.name,
        nameLocation: "middle",
        nameGap: 24,
        nameTextStyle: { color: ink },
        type: one.choices.length ? "category" : one.isLog ? "log" : "value",
        ...(one.choices.length ? { data: one.choices } : {}),
        scale: true,
        splitLine: { show: false },
        axisLabel: { ...label, show: true },
      })),
      yAxis: parameters.map((_, at) => ({
        ...plain,
        axisLine: { show: false },
        gridIndex: at,
        type: isLog ? "log" : "value",
        scale: true,
        ...(isLog ? { min: Math.min(...objectives) / 1.3, max: Math.max(...objectives) * 1.3 } : {}),
        splitLine: { lineStyle: { color: cssColor("grid") } },
        axisLabel: { ...label, show: at === 0 },
      })),
      series: parameters.map((one, at) => ({
        type: "scatter",
        xAxisIndex: at,
        yAxisIndex: at,
        symbolSize: 7,
        emphasis: { disabled: true },
        silent: true,
        data: scored.map((trial) => {
          const value = flat(trial.params)[one.name];
          const isOut = chosen !== null && !chosen.has(trial.id);
          return {
            value: [one.choices.length ? String(value) : value, trial.objective],
            itemStyle: { color: scaleColor(places.get(trial.id) ?? 1, theme), opacity: isOut ? 0.08 : 0.9 },
          };
        }),
      })),
    };
  }, [trials, parameters, chosen, theme, sweep.goal]);
  return <Drawing label="Each parameter against the objective" height={210} option={option} />;
}

export function ImportanceBars({ sweep, trials, parameters }: Omit<Props, "chosen">) {
  const rows = useMemo(() => importance(trials, parameters, sign(sweep)), [trials, parameters, sweep.goal]);
  const words = (direction: number) => (direction > 0 ? "higher is better" : direction < 0 ? "lower is better" : "");
  return (
    <div class="importance">
      {rows.map((row) => (
        <div key={row.name} class="importance-row">
          <span class="mono">{row.name}</span>
          <div class="bar" role="img" aria-label={`${Math.round(row.share * 100)} %`}>
            <i style={{ width: `${Math.max(1, row.share * 100)}%` }} />
          </div>
          <b>{Math.round(row.share * 100)} %</b>
          <span class="soft">{row.share >= 0.04 ? words(row.direction) : ""}</span>
        </div>
      ))}
    </div>
  );
}
