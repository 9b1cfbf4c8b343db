/** A panel with the charts of some metrics, live. */

import { useMemo } from "preact/hooks";
import { Failure } from "../base/Failure";
import { distinctNames } from "../base/names";
import { dashOf, LINE_LOOKS, lineColor, useTheme } from "../base/theme";
import { USUAL_SUMMARY } from "../charts/bands";
import { groupLooks } from "../charts/grouping";
import { DEFAULT_LOOK } from "../charts/look";
import { type ChartRun, Metric } from "../charts/Metric";
import { seconds, text } from "../tables/rowValues";
import type { PanelText } from "./panels";
import { runsAddress, useRunRows } from "./useRunRows";

const LOOK = { ...DEFAULT_LOOK };

export function MetricPanel({ panel }: { panel: PanelText }) {
  const { metrics, groupBy } = panel;
  const theme = useTheme();
  const { value, error } = useRunRows(panel, ["name", "rows", "summary", ...groupBy]);
  const keys = groupBy.join("|");
  const runs = useMemo(() => {
    const rows = value?.rows ?? [];
    const names = distinctNames(rows.map((row) => ({ id: row.id, name: text(row["name"]) })));
    const looks = keys ? groupLooks(rows, keys.split("|"), LINE_LOOKS) : [];
    return rows.map((row, at): ChartRun => {
      const look = looks[at];
      const summary = (row["summary"] ?? {}) as Record<string, unknown>;
      const run = { id: row.id, rows: seconds(row["rows"]), summary };
      const chartRun = { run, label: names[at] ?? row.id, color: lineColor(look?.color ?? at, theme) };
      return look ? { ...chartRun, band: look.label, dash: dashOf(look.dash) } : chartRun;
    });
  }, [value, theme, keys]);
  return (
    <div class="report-panel">
      <Failure error={error} />
      {metrics.map((metric) => (
        <Metric
          key={metric}
          {...{ metric, runs }}
          smoothing={0}
          look={LOOK}
          isBanded={groupBy.length > 0}
          summary={USUAL_SUMMARY}
          onZoom={() => {}}
        />
      ))}
      <a class="soft" href={runsAddress(panel, { view: "Charts", keys: metrics.join("|") })}>
        these runs
      </a>
    </div>
  );
}
