/** A panel with the charts of some metrics, live. */

import { useMemo } from "preact/hooks";
import { Failure } from "../base/Failure";
import { useTheme } from "../base/theme";
import { USUAL_SUMMARY } from "../charts/bands";
import { DEFAULT_LOOK } from "../charts/look";
import { Metric } from "../charts/Metric";
import { chartRuns } from "./chartRuns";
import type { PanelText } from "./panels";
import { runsAddress, useRunRows } from "./useRunRows";

const LOOK = { ...DEFAULT_LOOK };

export function MetricPanel({ panel }: { panel: PanelText }) {
  const { metrics, groupBy } = panel;
  const theme = useTheme();
  const { value, error } = useRunRows(panel, ["name", "rows", "summary", ...groupBy]);
  const keys = groupBy.join("|");
  const runs = useMemo(() => chartRuns(value?.rows ?? [], keys ? keys.split("|") : [], theme), [value, theme, keys]);
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
