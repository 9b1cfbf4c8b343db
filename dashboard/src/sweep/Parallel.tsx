/** Parallel coordinates: a line a trial, an axis a parameter; dragging along an axis chooses trials for the whole page. */

import type { ECharts } from "echarts/core";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Sweep, Trial } from "../api/types";
import { flat, number, value } from "../base/format";
import { shortNames } from "../base/names";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { heightIn } from "../charts/Chart";
import { Drawing } from "./Drawing";
import { isTop, type Parameter } from "./score";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  places: Map<string, number>;
  parameters: Parameter[];
  /** What was chosen elsewhere on the page; null: all. */
  kept: Set<string> | null;
  /** What was chosen on the axes; null: nothing, and the axes forget what they had. */
  brushed: Set<string> | null;
  onBrush: (chosen: Set<string> | null) => void;
  onSelect: (trial: string) => void;
}

/** The least room of an axis: with less, names and values lie over one another. */
const AXIS_PX = 84;

/** How much is seen of trials that are not chosen. */
const OUT = 0.04;
/** Beyond so many lines they are thin ones. */
const MOST_WIDE = 200;

/** The parts of ECharts' model that tell what is chosen. */
interface Model {
  getSeries(): { getRawIndicesByActiveState(state: "active"): number[] }[];
  eachComponent(kind: "parallelAxis", tell: (axis: { activeIntervals: unknown[] }) => void): void;
}

export function Parallel({ sweep, trials, places, parameters, kept, brushed, onBrush, onSelect }: Props) {
  const theme = useTheme();
  const [drawn, setDrawn] = useState<ECharts | null>(null);
  const [pointed, setPointed] = useState<Trial | null>(null);
  const names = useMemo(() => shortNames(parameters.map((one) => one.name)), [parameters]);
  const select = useRef(onSelect);
  select.current = onSelect;
  const scored = useMemo(() => trials.filter((trial) => trial.objective !== null), [trials]);
  const shown = useRef(scored);
  shown.current = scored;
  const option = useMemo(() => {
    const ink = cssColor("ink-soft");
    const rows = scored.map((trial) => {
      const params = flat(trial.params);
      const values = parameters.map((one) => {
        const value = params[one.name];
        return value === undefined ? "–" : one.choices.length ? String(value) : (value as number);
      });
      const place = places.get(trial.id) ?? 1;
      return {
        value: [...values, trial.objective as number],
        lineStyle: {
          color: scaleColor(place, theme),
          width: isTop(place, places.size) ? 2.6 : scored.length > MOST_WIDE ? 1 : 1.3,
          opacity: kept && !kept.has(trial.id) ? OUT : 0.9 - 0.45 * place,
        },
      };
    });
    // better ones are drawn last, above the others; the order of `scored` must stay for the brush
    const axis = (parameter: Parameter, dim: number) => ({
      dim,
      name: names.get(parameter.name),
      ...(parameter.choices.length
        ? { type: "category", data: parameter.choices }
        : { type: parameter.isLog ? "log" : "value", scale: true, ...range(scored, parameter) }),
    });
    const objectives = scored.map((trial) => trial.objective!);
    return {
      animation: false,
      parallel: { left: 56, right: 76, top: 44, bottom: 22, parallelAxisDefault: axisLook(ink) },
      parallelAxis: [
        ...parameters.map(axis),
        {
          dim: parameters.length,
          name: sweep.metric ?? "objective",
          type: isWide(objectives) ? "log" : "value",
          scale: true,
          inverse: sweep.goal === "minimize",
          nameLocation: sweep.goal === "minimize" ? "start" : "end",
          min: objectives.length ? Math.min(...objectives) : 0,
          max: objectives.length ? Math.max(...objectives) : 1,
          nameTextStyle: { color: cssColor("ink"), fontWeight: 600 },
        },
      ],
      series: [
        {
          type: "parallel",
          smooth: 0.25,
          data: rows,
          inactiveOpacity: OUT,
          activeOpacity: 0.95,
          emphasis: { disabled: true },
        },
      ],
    };
  }, [scored, places, parameters, kept, theme, sweep.metric, sweep.goal]);

  function ready(chart: ECharts): void {
    setDrawn(chart);
    chart.on("axisareaselected", () => {
      const model = (chart as unknown as { getModel(): Model }).getModel();
      let isBrushed = false;
      model.eachComponent("parallelAxis", (axis) => {
        isBrushed ||= axis.activeIntervals.length > 0;
      });
      const active = model.getSeries()[0]?.getRawIndicesByActiveState("active") ?? [];
      onBrush(isBrushed ? new Set(active.map((at) => shown.current[at]!.id)) : null);
    });
    chart.on("mouseover", ({ dataIndex }) => setPointed(shown.current[dataIndex] ?? null));
    chart.on("mouseout", () => setPointed(null));
    chart.on("click", ({ dataIndex }) => shown.current[dataIndex] && select.current(shown.current[dataIndex].id));
  }

  const wasBrushed = useRef(false);
  useEffect(() => {
    const isOver = wasBrushed.current && brushed === null;
    wasBrushed.current = brushed !== null;
    if (!drawn || !isOver) return;
    for (let at = 0; at <= parameters.length; at++)
      drawn.dispatchAction({ type: "axisAreaSelect", parallelAxisIndex: at, intervals: [] });
    drawn.setOption({}); // an axis does not draw again for its own event, only for what comes after
  }, [drawn, brushed === null]);

  return (
    <>
      <div class="scroll" tabIndex={0}>
        <div style={{ minWidth: `${AXIS_PX * (parameters.length + 1)}px` }}>
          <Drawing
            label={`Parallel coordinates of ${scored.length} trials; drag along an axis to choose some`}
            height={heightIn(320)}
            option={option}
            onReady={ready}
          />
        </div>
      </div>
      <p class="soft said">{pointed && told(pointed, names)}</p>
    </>
  );
}

function told(trial: Trial, names: Map<string, string>): string {
  const params = flat(trial.params);
  const given = [...names].map(([name, short]) => `${short} ${value(params[name])}`);
  return [`Trial ${trial.number}: ${number(trial.objective)}`, ...given].join(" · ");
}

function isWide(values: number[]): boolean {
  return values.length > 0 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 20;
}

function range(trials: Trial[], parameter: Parameter): { min: number; max: number } | object {
  const values = trials.map((trial) => flat(trial.params)[parameter.name]).filter((value) => typeof value === "number");
  return values.length ? { min: Math.min(...values), max: Math.max(...values) } : {};
}

function axisLook(ink: string): object {
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
    areaSelectStyle: {
      width: 18,
      borderWidth: 1,
      borderColor: cssColor("accent"),
      color: cssColor("accent"),
      opacity: 0.22,
    },
  };
}
