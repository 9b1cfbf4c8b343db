/** The page of a group: the ranks of one job. */

import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Run, RunChoice } from "../api/types";
import { duration } from "../base/format";
import { distinctNames, projectPath } from "../base/names";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { useCanEdit } from "../base/permissions";
import { groupName } from "../base/ranking";
import { useChoiceParam } from "../base/router";
import { Fact } from "../base/Section";
import { Tabs } from "../base/Tabs";
import { lineColor, lineDash, useTheme } from "../base/theme";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { Console } from "../panels/Console";
import { FirstEnd } from "../panels/GroupEnds";
import { GroupSystem } from "../panels/GroupSystem";
import { MoveAll } from "../panels/MoveAll";
import { NodeMap } from "../panels/NodeMap";
import { Pace } from "../panels/Pace";
import { Ranks } from "../panels/Ranks";
import { RenameDialog } from "../panels/RenameDialog";

const TABS = ["Charts", "Ranks", "Pace", "System", "Console"] as const;

export function GroupPage({ project, group }: { project: string; group: string }) {
  const { value: list, error } = useData(paths.runs({ project, group, limit: 1000 }));
  const metric = useData(paths.project(project)).value?.metric ?? "";
  const theme = useTheme();
  const canEdit = useCanEdit();
  const now = useNow();
  const [tab, setTab] = useChoiceParam("view", TABS);
  useTitle(group);
  const runs = useMemo(() => byRank(list?.runs ?? []), [list]);
  const names = useMemo(() => distinctNames(runs.map(({ id, rank }) => ({ id, name: `rank ${rank}` }))), [runs]);
  const chartRuns = useMemo(
    () =>
      runs.map((run, at): ChartRun => {
        const label = names[at] ?? run.id;
        return { run, label, color: lineColor(at, theme), dash: lineDash(at), band: group };
      }),
    [runs, names, theme, group],
  );
  if (!list) return <Loading title={group} trail={[["Runs", "/runs"]]} error={error} />;
  const { started, ended } = spanOf(runs);
  const name = groupName(runs) || group;
  return (
    <Page
      trail={trailOf(project, runs[0])}
      title={name}
      aside={canEdit && <Edits choice={{ project, group }} name={name} />}
      facts={<Facts group={group} runs={runs} duration_s={Math.max(0, (ended ?? now) - started)} />}
    >
      <NodeMap runs={runs} chartRuns={chartRuns} />
      <FirstEnd runs={runs} />
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
      </div>
      {tab === "Charts" && <Charts runs={chartRuns} bandName="band over ranks" first={metric} />}
      {tab === "Ranks" && <Ranks runs={runs} />}
      {tab === "Pace" && <Pace runs={runs} />}
      {tab === "System" && <GroupSystem runs={runs} started={started} ended={ended} />}
      {tab === "Console" && <Console runs={runs} />}
    </Page>
  );
}

function Edits({ choice, name }: { choice: RunChoice; name: string }) {
  return (
    <>
      <RenameDialog kind="group" name={name} choice={choice} />
      <MoveAll choice={choice} />
    </>
  );
}

function Facts({ group, runs, duration_s }: { group: string; runs: Run[]; duration_s: number }) {
  const states = [...Map.groupBy(runs, (run) => run.state)];
  return (
    <>
      <Fact name="ranks">
        {runs.length} of {runs[0]?.world_size ?? "–"}
      </Fact>
      <Fact name="nodes">{new Set(runs.map((run) => run.host)).size}</Fact>
      <Fact name="duration">{duration(duration_s)}</Fact>
      <Fact name="group">
        <span class="mono">{group}</span>
      </Fact>
      <Fact name="states">{states.map(([state, members]) => `${members.length} ${state}`).join(", ")}</Fact>
    </>
  );
}

function byRank(runs: Run[]): Run[] {
  return [...runs].sort((a, b) => a.rank - b.rank || a.created - b.created);
}

/** Returns when the first rank started, and when the last one ended; null while one is running. */
function spanOf(runs: Run[]): { started: number; ended: number | null } {
  const ends = runs.map((run) => run.ended).filter((ended) => ended !== null);
  const started = Math.min(...runs.map((run) => run.created));
  return { started, ended: ends.length === runs.length ? Math.max(...ends) : null };
}

function trailOf(project: string, first: Run | undefined): Trail {
  const trail: Trail = [
    ["Runs", "/runs"],
    [project, projectPath(project)],
  ];
  if (first?.sweep) trail.push(["sweep", `/sweeps/${first.sweep}${first.trial ? `?trial=${first.trial}` : ""}`]);
  return trail;
}
