/** Where each rank of a group runs. The colours are those of its lines in charts. */

import type { Run } from "../api/types";
import { State } from "../base/State";
import { pointAt } from "../charts/crosshair";
import type { ChartRun } from "../charts/Metric";
import "./NodeMap.css";

export function NodeMap({ runs, chartRuns }: { runs: Run[]; chartRuns: ChartRun[] }) {
  const colors = new Map(chartRuns.map(({ run, color }) => [run.id, color]));
  return (
    <div class="node-map">
      {[...Map.groupBy(runs, (run) => run.host)].map(([host, members]) => (
        <div class="node-box" key={host}>
          <span class="soft">{host}</span>
          <div>
            {members.map((run) => (
              <a
                key={run.id}
                href={`/runs/${run.id}`}
                class="rank-box"
                title={run.reason || run.state}
                onMouseEnter={() => pointAt(run.id)}
                onMouseLeave={() => pointAt(null)}
              >
                <i class="swatch" style={{ background: colors.get(run.id) }} />
                <b>{run.rank}</b>
                <State state={run.state} title={run.reason || run.state} />
              </a>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}
