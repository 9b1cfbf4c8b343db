import { useMemo } from "preact/hooks";
import { paths, type Run } from "../base/api";
import { useData, useNow } from "../base/data";
import { duration, flat, number, value } from "../base/format";
import { useParam } from "../base/router";
import { lineColor, useTheme } from "../base/theme";
import { groupName } from "../base/worth";
import { Charts, metricKeys } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { Pace } from "../charts/Pace";
import { Fact, Failure, Page, Section, Tabs, useTitle } from "../parts/Page";
import { State } from "../parts/State";

const TABS = ["Charts", "Ranks", "Pace"];

export function GroupPage({ project, group }: { project: string; group: string }) {
  const { value: list, error } = useData(paths.runs({ project, group, limit: 1000 }));
  const theme = useTheme();
  const now = useNow();
  const [tab, setTab] = useParam("view", "Charts");
  useTitle(group);
  const runs = useMemo(() => [...(list?.runs ?? [])].sort((a, b) => a.rank - b.rank || a.created - b.created), [list]);
  const chartRuns: ChartRun[] = useMemo(() => runs.map((run, at) => ({ run, label: `rank ${run.rank}`, color: lineColor(at, theme), band: group })), [runs, theme]);
  if (!list) return <Page title={group}>{error ? <Failure error={error} /> : <p class="empty">…</p>}</Page>;
  const hosts = new Set(runs.map((run) => run.host));
  const began = Math.min(...runs.map((run) => run.created));
  const ended = runs.every((run) => run.ended !== null) ? Math.max(...runs.map((run) => run.ended!)) : now;
  const first = runs[0];
  return (
    <Page
      trail={[
        ["Runs", "/runs"],
        [project, `/runs?project=${encodeURIComponent(project)}`],
        ...(first?.sweep ? [["sweep", `/sweeps/${first.sweep}${first.trial ? `?trial=${first.trial}` : ""}`] as [string, string]] : []),
      ]}
      title={groupName(runs)}
      facts={
        <>
          <Fact name="ranks">
            {runs.length} of {first?.world_size ?? "–"}
          </Fact>
          <Fact name="nodes">{hosts.size}</Fact>
          <Fact name="took">{duration(Math.max(0, ended - began))}</Fact>
          <Fact name="group">
            <span class="mono">{group}</span>
          </Fact>
          <Fact name="states">{[...Map.groupBy(runs, (run) => run.state)].map(([state, members]) => `${members.length} ${state}`).join(", ")}</Fact>
        </>
      }
    >
      <NodeMap runs={runs} />
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
      </div>
      {tab === "Charts" && <Charts runs={chartRuns} bandName="band over ranks" />}
      {tab === "Ranks" && <Ranks runs={runs} chartRuns={chartRuns} />}
      {tab === "Pace" && <Pace runs={runs} />}
    </Page>
  );
}

function NodeMap({ runs }: { runs: Run[] }) {
  return (
    <div class="node-map">
      {[...Map.groupBy(runs, (run) => run.host)].map(([host, members]) => (
        <div class="node-box" key={host}>
          <span class="soft">{host}</span>
          <div>
            {members.map((run) => (
              <a key={run.id} href={`/runs/${run.id}`} class="rank-box" title={run.reason || run.state}>
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

/** What differs between ranks: last values with their spread, configuration, ends. */
function Ranks({ runs, chartRuns }: { runs: Run[]; chartRuns: ChartRun[] }) {
  const rows = metricKeys(chartRuns).map((key) => {
    const values = runs.map((run) => run.summary[key]);
    const numbers = values.filter((one) => typeof one === "number");
    const mean = numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
    const spread = numbers.length > 1 ? Math.max(...numbers) - Math.min(...numbers) : 0;
    return { key, values, mean, spread, share: spread / Math.max(Math.abs(mean), 1e-12) };
  });
  const configs = runs.map((run) => flat(run.config));
  const names = [...new Set(configs.flatMap((config) => Object.keys(config)))];
  const different = names.filter((name) => new Set(configs.map((config) => JSON.stringify(config[name]))).size > 1);
  const ends = runs.filter((run) => run.reason);
  return (
    <>
      <Section title="Last values" note="the largest spread first">
        <div class="scroll">
          <table class="plain-table">
            <thead>
              <tr>
                <th>Metric</th>
                <th class="number">Mean</th>
                <th class="number">Spread</th>
                {runs.map((run) => (
                  <th class="number" key={run.id}>
                    <a href={`/runs/${run.id}`}>rank {run.rank}</a>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows
                .sort((a, b) => b.share - a.share)
                .map((row) => (
                  <tr key={row.key}>
                    <td>{row.key}</td>
                    <td class="number">{number(row.mean)}</td>
                    <td class="number">{row.spread ? `${number(row.spread, 3)} (${number(row.share * 100, 2)} %)` : <span class="soft">alike</span>}</td>
                    {row.values.map((given, at) => (
                      <td class="number" key={runs[at]!.id}>
                        {value(given)}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </Section>
      <Section title="Configuration" note={different.length ? "what differs between ranks" : "the same on all ranks"}>
        {different.map((name) => (
          <p key={name}>
            <code>{name}</code>{" "}
            {runs.map((run, at) => (
              <span class="soft" key={run.id}>
                rank {run.rank}: <b>{value(configs[at]![name])}</b>{" "}
              </span>
            ))}
          </p>
        ))}
      </Section>
      {ends.length > 0 && (
        <Section title="How they ended">
          <ul class="plain">
            {ends.map((run) => (
              <li key={run.id}>
                rank {run.rank} <State state={run.state} /> {run.reason}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
