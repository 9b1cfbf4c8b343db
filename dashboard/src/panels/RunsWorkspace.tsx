/** Charts of runs, beside the list in which they are chosen. */

import { Charts } from "../charts/Charts";
import type { RunPages } from "../tables/runPages";
import type { ColumnView } from "../tables/useColumns";
import type { DrawnRuns } from "../tables/useDrawnRuns";
import type { Grouping } from "../tables/useGrouping";
import type { RunsView } from "../tables/useRunsView";
import { DrawnNote } from "./DrawnNote";
import { GroupControls } from "./GroupControls";
import { RunList } from "./RunList";
import "./RunsWorkspace.css";

interface Props {
  view: RunsView;
  pages: RunPages;
  drawn: DrawnRuns;
  hidden: string[];
  setHidden: (ids: string[]) => void;
  grouping: Grouping;
  columns: ColumnView;
}

export function RunsWorkspace({ view, pages, drawn, hidden, setHidden, grouping, columns }: Props) {
  const isGrouped = grouping.keys.length > 0;
  return (
    <div class="workspace">
      <aside class="run-list" aria-label="Runs to draw">
        <DrawnNote view={view} drawn={drawn} total={pages.total} />
        <RunList {...{ view, pages, hidden, setHidden }} colors={drawn.colors} />
      </aside>
      <div>
        <GroupControls grouping={grouping} project={view.project} columns={columns.keys} />
        <Charts
          runs={drawn.chartRuns}
          bandName={isGrouped ? undefined : "bands by group"}
          summary={isGrouped ? grouping : undefined}
          first={columns.metric}
        />
      </div>
    </div>
  );
}
