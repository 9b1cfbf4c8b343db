import { useMemo } from "preact/hooks";
import { paths, type Run } from "../base/api";
import { useData, useNow } from "../base/data";
import { ago, clock, duration, flat, number, value } from "../base/format";
import { useParam } from "../base/router";
import { lineColor, useTheme } from "../base/theme";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { Console } from "../parts/Console";
import { Fact, Failure, Page, Section, Tabs, useTitle } from "../parts/Page";
import { Pairs } from "../parts/Pairs";
import { State } from "../parts/State";
import { System } from "../parts/System";

const TABS = ["Charts", "Overview", "System", "Console"];

export function RunPage({ id }: { id: string }) {
  const { value: run, error } = useData(paths.run(id));
  const theme = useTheme();
  const now = useNow();
  const [tab, setTab] = useParam("view", "Charts");
  const [other, setOther] = useParam("against");
  useTitle(run ? run.name : "");
  const chartRuns: ChartRun[] = useMemo(() => (run ? [{ run, label: run.name, color: lineColor(0, theme) }] : []), [run, theme]);
  if (!run) return <Page title="Run">{error ? <Failure error={error} /> : <p class="empty">…</p>}</Page>;
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
      {tab === "Console" && <Console run={run} />}
    </Page>
  );
}

function Overview({ run, other, onOther }: { run: Run; other: string; onOther: (id: string) => void }) {
  const siblings = useData(paths.runs({ project: run.project, limit: 200 })).value?.runs ?? [];
  const against = siblings.find((one) => one.id === other);
  const summary = Object.entries(flat(run.summary)).map(([key, given]): [string, string] => [key, typeof given === "number" ? number(given, 6) : value(given)]);
  return (
    <div class="two">
      <Section
        title="Configuration"
        aside={
          <label>
            against
            <select value={other} onChange={(event) => onOther(event.currentTarget.value)}>
              <option value="">none</option>
              {siblings
                .filter((one) => one.id !== run.id)
                .map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
            </select>
          </label>
        }
      >
        <Pairs values={flat(run.config)} {...(against ? { against: flat(against.config) } : {})} />
      </Section>
      <Section title="Last values">
        <dl class="pairs">
          {summary.map(([key, text]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        {run.tags.length > 0 && <p class="chips">{run.tags.map((tag) => <span class="chip" key={tag}>{tag}</span>)}</p>}
        {run.notes && <p>{run.notes}</p>}
      </Section>
    </div>
  );
}
