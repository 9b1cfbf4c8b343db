/** The page of all runs: a table, or the charts of some of them. */

import { Failure } from "../base/Failure";
import { projectPath } from "../base/names";
import { Page, useTitle } from "../base/Page";
import { useChoiceParam, useListParam } from "../base/router";
import { StateChoice } from "../base/StateChoice";
import { Compare } from "../compare/Compare";
import { NumberPlots } from "../compare/NumberPlots";
import { ProjectChoice } from "../panels/ProjectChoice";
import { RejectedJournals } from "../panels/Rejected";
import { RunsToolbar, TABS } from "../panels/RunsToolbar";
import { RunsWorkspace } from "../panels/RunsWorkspace";
import { ColumnHint } from "../tables/ColumnHint";
import { RunsTable } from "../tables/RunsTable";
import { useRunPages } from "../tables/runPages";
import { useColumns } from "../tables/useColumns";
import { useDrawnRuns } from "../tables/useDrawnRuns";
import { useGrouping } from "../tables/useGrouping";
import { useRunsView } from "../tables/useRunsView";

const STATES = ["running", "finished", "stopped", "preempted", "failed", "killed", "lost"];

export function RunsPage() {
  const view = useRunsView();
  const [tab, setTab] = useChoiceParam("view", TABS);
  useTitle("Runs");
  const grouping = useGrouping();
  const [hidden, setHidden] = useListParam("hide", ",");
  const drawn = useDrawnRuns(view, grouping.keys, hidden, tab === "Charts");
  const columns = useColumns(view.project, view.isFolded);
  const pages = useRunPages({ ...view.query, columns: columns.asked }, view.isHeld);
  return (
    <Page
      title="Runs"
      aside={
        <>
          {view.project && <a href={projectPath(view.project)}>About {view.project}</a>}
          <ProjectChoice value={view.project} onChange={view.setProject} />
          <StateChoice states={STATES} value={view.state} onChange={view.setState} />
        </>
      }
    >
      <RunsToolbar view={view} tab={tab} onTab={setTab} columns={columns} total={pages.total} error={pages.error} />
      <Failure error={pages.error} />
      <ColumnHint error={pages.error} typed={view.typed} project={view.project} onChange={view.setTyped} />
      <RejectedJournals />
      {tab === "Table" && <RunsTable view={view} pages={pages} columns={columns} colors={drawn.colors} />}
      {tab === "Charts" && <RunsWorkspace {...{ view, pages, drawn, hidden, setHidden, grouping, columns }} />}
      {tab === "Compare" && <Compare view={view} />}
      {tab === "Scatter" && <NumberPlots view={view} keys={columns.keys} metric={columns.metric} />}
    </Page>
  );
}
