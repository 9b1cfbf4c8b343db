/** Any two numbers of runs against each other, or one of them as bars. */

import { useMemo } from "preact/hooks";
import { Failure } from "../base/Failure";
import { useParam, useSwitchParam } from "../base/router";
import { Toggle } from "../base/Toggle";
import { ColumnField } from "../tables/ColumnField";
import type { RunsView } from "../tables/useRunsView";
import { Bars } from "./Bars";
import { Scatter } from "./Scatter";
import { useChosenRows } from "./useComparedRuns";
import "./NumberPlots.css";

/** The largest page of the server. */
const MOST_RUNS = 1000;
const TIMES = ["created", "duration", "rows"];
const AGGREGATES = ["min", "max", "mean"];

/** Returns what can be on an axis: numbers of the configuration, last and other values of metrics, times. */
function axisColumns(keys: string[]): string[] {
  const metrics = keys.filter((key) => key.startsWith("summary.")).map((key) => key.replace("summary.", ""));
  const others = metrics.flatMap((key) => AGGREGATES.map((name) => `${name}.${key}`));
  return [...keys, ...others, ...TIMES, "rank", "world_size", "host", "group", "state"];
}

export function NumberPlots({ view, keys, metric }: { view: RunsView; keys: string[]; metric: string }) {
  const columns = useMemo(() => axisColumns(keys), [keys]);
  const firstMetric = metric ? `summary.${metric}` : (keys.find((key) => key.startsWith("summary.")) ?? "rows");
  const firstConfig = keys.find((key) => key.startsWith("config.")) ?? "created";
  const [x, setX] = useParam("x", firstConfig);
  const [y, setY] = useParam("y", firstMetric);
  const [color, setColor] = useParam("color", firstMetric);
  const [isLogX, setLogX] = useSwitchParam("logx", false);
  const [isLogY, setLogY] = useSwitchParam("logy", false);
  const [isBars, setBars] = useSwitchParam("bars", false);
  const asked = [...new Set(["name", "group", x, y, color])];
  const { rows, total, error } = useChosenRows(view, asked, MOST_RUNS);
  return (
    <>
      <div class="toolbar">
        <ColumnField label="up" project={view.project} columns={columns} value={y} onChange={setY} />
        {!isBars && <Toggle name="log y" isOn={isLogY} onFlip={() => setLogY(!isLogY)} />}
        {!isBars && <ColumnField label="across" project={view.project} columns={columns} value={x} onChange={setX} />}
        {!isBars && <Toggle name="log x" isOn={isLogX} onFlip={() => setLogX(!isLogX)} />}
        {!isBars && (
          <ColumnField label="colour" project={view.project} columns={columns} value={color} onChange={setColor} />
        )}
        <Toggle name="bars" isOn={isBars} onFlip={() => setBars(!isBars)} />
        <span class="soft">{total > MOST_RUNS ? `the first ${MOST_RUNS} of ${total} runs` : `${total} runs`}</span>
      </div>
      <Failure error={error} />
      {rows && !isBars && (
        <Scatter rows={rows} x={{ column: x, isLog: isLogX }} y={{ column: y, isLog: isLogY }} color={color} />
      )}
      {rows && isBars && <Bars rows={rows} column={y} />}
    </>
  );
}
