/** The page of a run. */

import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { ago, clock, duration } from "../base/format";
import { projectPath } from "../base/names";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { useCanEdit } from "../base/permissions";
import { useChoiceParam, useParam } from "../base/router";
import { Fact } from "../base/Section";
import { State } from "../base/State";
import { Tabs } from "../base/Tabs";
import { lineColor, useTheme } from "../base/theme";
import { whoOf } from "../base/who";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { Files } from "../media/Files";
import { Media } from "../media/Media";
import { Console } from "../panels/Console";
import { OldRows } from "../panels/OldRows";
import { Overview } from "../panels/Overview";
import { PinRun } from "../panels/PinRun";
import { RenameDialog } from "../panels/RenameDialog";
import { System } from "../panels/System";

const TABS = ["Charts", "Overview", "System", "Console", "Media", "Files"] as const;

export function RunPage({ id }: { id: string }) {
  const { value: run, error } = useData(paths.run(id));
  const metric = useData(run ? paths.project(run.project) : null).value?.metric ?? "";
  const theme = useTheme();
  const canEdit = useCanEdit();
  const [tab, setTab] = useChoiceParam("view", TABS);
  const [other, setOther] = useParam("against");
  useTitle(run ? run.name : "");
  const chartRuns = useMemo(
    (): ChartRun[] => (run ? [{ run, label: run.name, color: lineColor(0, theme) }] : []),
    [run, theme],
  );
  if (!run) return <Loading title="Run" trail={[["Runs", "/runs"]]} error={error} />;
  const hasFailed = run.state === "failed" || run.state === "killed";
  return (
    <Page
      trail={trailOf(run)}
      title={
        <>
          {run.name} <State state={run.state} title={run.reason} />
        </>
      }
      aside={
        <>
          <PinRun run={run} />
          {canEdit && <RenameDialog kind="run" name={run.name} choice={{ ids: [run.id] }} />}
        </>
      }
      facts={<Facts run={run} />}
    >
      {run.reason && <p class={hasFailed ? "failure" : "soft"}>{run.reason}</p>}
      <OldRows run={run} />
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
      </div>
      {tab === "Charts" && <Charts runs={chartRuns} first={metric} />}
      {tab === "Overview" && <Overview run={run} other={other} onOther={setOther} />}
      {tab === "System" && <System run={run} />}
      {tab === "Console" && <Console runs={[run]} />}
      {tab === "Media" && <Media run={run} />}
      {tab === "Files" && <Files run={run} />}
    </Page>
  );
}

function trailOf(run: Run): Trail {
  const trail: Trail = [
    ["Runs", "/runs"],
    [run.project, projectPath(run.project)],
    [run.group, `/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`],
  ];
  if (run.sweep) trail.push(["sweep", `/sweeps/${run.sweep}${run.trial ? `?trial=${run.trial}` : ""}`]);
  return trail;
}

function Facts({ run }: { run: Run }) {
  const now = useNow();
  return (
    <>
      <Fact name="rank">
        {run.rank} of {run.world_size}
      </Fact>
      <Fact name="who" title={run.created_by ? `sent with the API key ${run.created_by}` : ""}>
        {whoOf(run.created_by ?? "", run.user) || "–"}
      </Fact>
      <Fact name="host">{run.host}</Fact>
      <Fact name="started" title={clock(run.created)}>
        {ago(run.created, now)}
      </Fact>
      <Fact name={run.ended ? "duration" : "running for"}>{duration((run.ended ?? now) - run.created)}</Fact>
      <Fact name="rows">{run.rows}</Fact>
      {run.attempt > 0 && <Fact name="attempt">{run.attempt + 1}</Fact>}
      {run.exit_code !== null && <Fact name="exit code">{run.exit_code}</Fact>}
      {run.signal !== null && <Fact name="signal">{run.signal}</Fact>}
      <Fact name="id">
        <span class="mono">{run.id}</span>
      </Fact>
    </>
  );
}
