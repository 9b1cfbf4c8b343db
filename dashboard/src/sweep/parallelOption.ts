/** The options of ECharts for parallel coordinates. */

import type { EChartsCoreOption } from "echarts/core";
import type { Sweep } from "../api/types";
import { flat, number } from "../base/format";
import { cssColor, scaleColor, type Theme } from "../base/theme";
import { hasWideRange, isTop, type Parameter, type ScoredTrial } from "./score";

/** The opacity of trials that are not chosen. */
const FADED = 0.04;
const TOP_WIDTH = 2.6;
/** More lines than this are drawn thin. */
const MOST_WIDE = 200;

export interface Coordinates {
  sweep: Pick<Sweep, "metric" | "goal">;
  /** One line each. The order of lines is that of the trials: a brush reports their indices. */
  scored: ScoredTrial[];
  places: Map<string, number>;
  parameters: Parameter[];
  /** The names on the axes, by the names of the parameters. */
  names: Map<string, string>;
  /** The trials that the search chooses; null: all. */
  found: Set<string> | null;
  theme: Theme;
}

export function parallelOption(given: Coordinates): EChartsCoreOption {
  const { scored, parameters, names } = given;
  return {
    animation: false,
    parallel: { left: 56, right: 76, top: 44, bottom: 22, parallelAxisDefault: axisLook() },
    parallelAxis: [
      ...parameters.map((parameter, dim) => ({ dim, name: names.get(parameter.name), ...axisOf(parameter, scored) })),
      objectiveAxis(given),
    ],
    series: [
      {
        type: "parallel",
        smooth: 0.25,
        data: scored.map((trial) => lineOf(trial, given)),
        inactiveOpacity: FADED,
        activeOpacity: 0.95,
        emphasis: { disabled: true },
      },
    ],
  };
}

function lineOf(trial: ScoredTrial, { scored, places, parameters, found, theme }: Coordinates): object {
  const params = flat(trial.params);
  const values = parameters.map(({ name, choices }) => {
    const value = params[name];
    if (value === undefined) return "–";
    return choices.length ? String(value) : value;
  });
  const place = places.get(trial.id) ?? 1;
  const usualWidth = scored.length > MOST_WIDE ? 1 : 1.3;
  const lineStyle = {
    color: scaleColor(place, theme),
    width: isTop(place, places.size) ? TOP_WIDTH : usualWidth,
    opacity: found && !found.has(trial.id) ? FADED : 0.9 - 0.45 * place,
  };
  return { value: [...values, trial.objective], lineStyle };
}

function axisOf(parameter: Parameter, scored: ScoredTrial[]): object {
  if (parameter.choices.length) return { type: "category", data: parameter.choices };
  const values = scored.map((trial) => flat(trial.params)[parameter.name]).filter((value) => typeof value === "number");
  const range = values.length ? { min: Math.min(...values), max: Math.max(...values) } : {};
  return { type: parameter.isLog ? "log" : "value", scale: true, ...range };
}

/** Returns the axis of the objective, with the best value on top. */
function objectiveAxis({ sweep, scored, parameters }: Coordinates): object {
  const values = scored.map((trial) => trial.objective);
  const isMinimized = sweep.goal === "minimize";
  return {
    dim: parameters.length,
    name: sweep.metric ?? "objective",
    type: hasWideRange(values) ? "log" : "value",
    scale: true,
    inverse: isMinimized,
    nameLocation: isMinimized ? "start" : "end",
    min: values.length ? Math.min(...values) : 0,
    max: values.length ? Math.max(...values) : 1,
    nameTextStyle: { color: cssColor("ink"), fontWeight: 600 },
  };
}

function axisLook(): object {
  const ink = cssColor("ink-soft");
  const accent = cssColor("accent");
  return {
    nameLocation: "end",
    nameGap: 14,
    nameTextStyle: { color: ink, fontSize: 12 },
    axisLine: { lineStyle: { color: cssColor("line-strong") } },
    axisTick: { show: false },
    splitLine: { show: false },
    minorTick: { show: false },
    axisLabel: {
      color: ink,
      fontSize: 11,
      textBorderColor: cssColor("card"),
      textBorderWidth: 4,
      formatter: (value: unknown) => (typeof value === "number" ? number(value, 3) : String(value)),
    },
    areaSelectStyle: { width: 18, borderWidth: 1, borderColor: accent, color: accent, opacity: 0.22 },
  };
}
