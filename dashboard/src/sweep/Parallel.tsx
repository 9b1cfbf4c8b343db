/** Parallel coordinates: a line for each trial, an axis for each parameter. Dragging along an axis chooses trials. */

import type { ECharts } from "echarts/core";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { exact, flat } from "../base/format";
import { useLatest } from "../base/latest";
import { shortNames } from "../base/names";
import { Scroll } from "../base/Scroll";
import { useTheme } from "../base/theme";
import { heightIn } from "../charts/Chart";
import { Drawing } from "./Drawing";
import { parallelOption } from "./parallelOption";
import { type Result, rowName, valueText } from "./pointRows";
import { hasObjective } from "./score";
import type { SweepView } from "./useSweepView";
import "./Parallel.css";

/** The least room of an axis. With less, names and values overlap. */
const AXIS_PX = 84;

/** The parts of ECharts' model that report what is chosen. Its types do not describe them. */
interface Model {
  getSeries(): { getRawIndicesByActiveState(state: "active"): number[] }[];
  eachComponent(kind: "parallelAxis", visit: (axis: { activeIntervals: unknown[] }) => void): void;
}

export function Parallel({ view }: { view: SweepView }) {
  const { results, places, parameters, found, brushed } = view;
  const { metric, goal } = view.sweep;
  const theme = useTheme();
  const [chart, setChart] = useState<ECharts | null>(null);
  const [pointed, setPointed] = useState<Result | null>(null);
  const names = useMemo(() => shortNames(parameters.map((one) => one.name)), [parameters]);
  const scored = useMemo(() => results.filter(hasObjective), [results]);
  const option = useMemo(
    () => parallelOption({ sweep: { metric, goal }, scored, places, parameters, names, found, theme }),
    [metric, goal, scored, places, parameters, names, found, theme],
  );
  const latest = useLatest({ scored, view });
  function listen(made: ECharts): void {
    setChart(made);
    const trialAt = (index: number) => latest.current.scored[index] ?? null;
    made.on("axisareaselected", () => {
      const active = activeIndices(made);
      const ids = active?.flatMap((index) => trialAt(index)?.id ?? []);
      latest.current.view.setBrushed(ids ? new Set(ids) : null);
    });
    made.on("mouseover", ({ dataIndex }) => setPointed(trialAt(dataIndex)));
    made.on("mouseout", () => setPointed(null));
    made.on("click", ({ dataIndex }) => {
      const trial = trialAt(dataIndex);
      if (trial) latest.current.view.select(trial.id);
    });
  }
  useBrushEnd(chart, brushed, parameters.length + 1);
  const label = `Parallel coordinates of ${scored.length} trials; drag along an axis to choose some`;
  return (
    <>
      <Scroll label="Parallel coordinates">
        <div style={{ minWidth: `${AXIS_PX * (parameters.length + 1)}px` }}>
          <Drawing label={label} height={heightIn(320)} option={option} onReady={listen} />
        </div>
      </Scroll>
      <p class="soft parallel-text">{pointed && trialText(pointed, names)}</p>
    </>
  );
}

/** Returns the indices of the trials that the axes choose; null if nothing is chosen on any axis. */
function activeIndices(chart: ECharts): number[] | null {
  const model = (chart as unknown as { getModel(): Model }).getModel();
  let isBrushed = false;
  model.eachComponent("parallelAxis", (axis) => {
    isBrushed ||= axis.activeIntervals.length > 0;
  });
  return isBrushed ? (model.getSeries()[0]?.getRawIndicesByActiveState("active") ?? []) : null;
}

/** Clears the axes when the selection is cleared elsewhere on the page. */
function useBrushEnd(chart: ECharts | null, brushed: Set<string> | null, axes: number): void {
  const wasBrushed = useRef(false);
  const isBrushed = brushed !== null;
  useEffect(() => {
    const isOver = wasBrushed.current && !isBrushed;
    wasBrushed.current = isBrushed;
    if (!chart || !isOver) return;
    for (let at = 0; at < axes; at++) {
      chart.dispatchAction({ type: "axisAreaSelect", parallelAxisIndex: at, intervals: [] });
    }
    chart.setOption({}); // an axis does not redraw for its own event, only for what comes after
  }, [chart, isBrushed, axes]);
}

function trialText(trial: Result, names: Map<string, string>): string {
  const params = flat(trial.params);
  const given = [...names].map(([name, short]) => `${short} ${exact(params[name])}`);
  return [`${rowName(trial)}: ${valueText(trial)}`, ...given].join(" · ");
}
