/** The charts of several runs beside a list that chooses them. */

import type { RunRow } from "../api/types";
import { Name } from "../base/Name";
import { State } from "../base/State";
import { Charts } from "../charts/Charts";
import { pointAt } from "../charts/crosshair";
import { text } from "../tables/rowValues";
import type { DrawnRuns } from "../tables/useDrawnRuns";
import "./RunsWorkspace.css";

interface Props {
  runs: DrawnRuns;
  selected: string[];
  onToggle: (id: string) => void;
  /** The project's own metric. */
  metric: string;
}

export function RunsWorkspace({ runs: { drawn, others, chartRuns, colors }, selected, onToggle, metric }: Props) {
  const entry = (run: RunRow) => (
    <label
      key={run.id}
      class={colors.has(run.id) ? "drawn" : ""}
      onMouseEnter={() => pointAt(run.id)}
      onMouseLeave={() => pointAt(null)}
    >
      <input type="checkbox" checked={selected.includes(run.id)} onChange={() => onToggle(run.id)} />
      <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
      <Name>{text(run["name"])}</Name>
      <State state={text(run["state"])} />
    </label>
  );
  return (
    <div class="workspace">
      <aside class="run-list" aria-label="Runs to draw">
        {!selected.length && <p class="soft">The first {chartRuns.length}. Tick runs to choose others.</p>}
        {[...drawn, ...others].map(entry)}
      </aside>
      <Charts runs={chartRuns} bandName="bands by group" first={metric} />
    </div>
  );
}
