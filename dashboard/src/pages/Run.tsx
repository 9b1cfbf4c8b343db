import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import { ago, clock, duration } from "../base/format";
import { Fact, Failure, Page, Tabs, useTitle } from "../base/Page";
import { useParam } from "../base/router";
import { State } from "../base/State";
import { lineColor, useTheme } from "../base/theme";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { Files } from "../media/Files";
import { Media } from "../media/Media";
import { Console } from "../panels/Console";
import { Overview } from "../panels/Overview";
import { System } from "../panels/System";

const TABS = ["Charts", "Overview", "System", "Console", "Media", "Files"];

export function RunPage({ id }: { id: string }) {
  const { value: run, error } = useData(paths.run(id));
  const theme = useTheme();
  const now = useNow();
  const [tab, setTab] = useParam("view", "Charts");
  const [other, setOther] = useParam("against");
  useTitle(run ? run.name : "");
  const chartRuns: ChartRun[] = useMemo(
    () => (run ? [{ run, label: run.name, color: lineColor(0, theme) }] : []),
    [run, theme],
  );
  if (!run)
    return (
      <Page title="Run" trail={[["Runs", "/runs"]]}>
        {error ? <Failure error={error} /> : <p class="empty">…</p>}
      </Page>
    );
  const trail: [string, string][] = [
    ["Runs", "/runs"],
    [run.project, `/runs?project=${encodeURIComponent(run.project)}`],
    [run.group, `/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`],
  ];
  if (run.sweep) trail.push(["sweep", `/sweeps/${run.sweep}${run.trial ? `?trial=${run.trial}` : ""}`]);
  return (
    <Page
      trail={trail}
      title={
        <>
          {run.name} <State state={run.state} title={run.reason} />
        </>
      }
      facts={
        <>
          <Fact name="rank">
            {run.rank} of {run.world_size}
          </Fact>
          <Fact name="host">{run.host}</Fact>
          <Fact name="begun" title={clock(run.created)}>
            {ago(run.created, now)}
          </Fact>
          <Fact name={run.ended ? "took" : "runs for"}>{duration((run.ended ?? now) - run.created)}</Fact>
          <Fact name="rows">{run.rows}</Fact>
          {run.attempt > 0 && <Fact name="attempt">{run.attempt + 1}</Fact>}
          {run.exit_code !== null && <Fact name="exit code">{run.exit_code}</Fact>}
          {run.signal !== null && <Fact name="signal">{run.signal}</Fact>}
          <Fact name="id">
            <span class="mono">{run.id}</span>
          </Fact>
        </>
      }
    >
      {run.reason && <p class={run.state === "failed" || run.state === "killed" ? "failure" : "soft"}>{run.reason}</p>}
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
      </div>
      {tab === "Charts" && <Charts runs={chartRuns} />}
      {tab === "Overview" && <Overview run={run} other={other} onOther={setOther} />}
      {tab === "System" && <System run={run} />}
      {tab === "Console" && <Console runs={[run]} />}
      {tab === "Media" && <Media run={run} />}
      {tab === "Files" && <Files run={run} />}
    </Page>
  );
}
