import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { clock, duration, flat, measured, number, unitOf, value } from "../base/format";
import { Fact, Failure, Page, Section, Tabs, useTitle } from "../base/Page";
import { groupName } from "../base/ranking";
import { useParam } from "../base/router";
import { State } from "../base/State";
import { lineColor, lineDash, useTheme } from "../base/theme";
import { Charts, metricKeys } from "../charts/Charts";
import { pointAt } from "../charts/crosshair";
import type { ChartRun } from "../charts/Metric";
import { Console } from "../panels/Console";
import { Pace } from "../panels/Pace";
import { GroupSystem } from "../panels/System";

const TABS = ["Charts", "Ranks", "Pace", "System", "Console"];

export function GroupPage({ project, group }: { project: string; group: string }) {
  const { value: list, error } = useData(paths.runs({ project, group, limit: 1000 }));
  const theme = useTheme();
  const now = useNow();
  const [tab, setTab] = useParam("view", "Charts");
  useTitle(group);
  const runs = useMemo(() => [...(list?.runs ?? [])].sort((a, b) => a.rank - b.rank || a.created - b.created), [list]);
  const chartRuns: ChartRun[] = useMemo(
    () =>
      runs.map((run, at) => ({
        run,
        label: `rank ${run.rank}`,
        color: lineColor(at, theme),
        dash: lineDash(at),
        band: group,
      })),
    [runs, theme],
  );
  if (!list)
    return (
      <Page title={group} trail={[["Runs", "/runs"]]}>
        {error ? <Failure error={error} /> : <p class="empty">…</p>}
      </Page>
    );
  const hosts = new Set(runs.map((run) => run.host));
  const began = Math.min(...runs.map((run) => run.created));
  const ended = runs.every((run) => run.ended !== null) ? Math.max(...runs.map((run) => run.ended!)) : now;
  const first = runs[0];
  return (
    <Page
      trail={[
        ["Runs", "/runs"],
        [project, `/runs?project=${encodeURIComponent(project)}`],
        ...(first?.sweep
          ? [["sweep", `/sweeps/${first.sweep}${first.trial ? `?trial=${first.trial}` : ""}`] as [string, string]]
          : []),
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
          <Fact name="states">
            {[...Map.groupBy(runs, (run) => run.state)]
              .map(([state, members]) => `${members.length} ${state}`)
              .join(", ")}
          </Fact>
        </>
      }
    >
      <NodeMap runs={runs} chartRuns={chartRuns} />
      <FirstEnd runs={runs} />
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
      </div>
      {tab === "Charts" && <Charts runs={chartRuns} bandName="band over ranks" />}
      {tab === "Ranks" && <Ranks runs={runs} chartRuns={chartRuns} />}
      {tab === "Pace" && <Pace runs={runs} />}
      {tab === "System" && (
        <GroupSystem runs={runs} began={began} ended={runs.every((run) => run.ended !== null) ? ended : null} />
      )}
      {tab === "Console" && <Console runs={runs} />}
    </Page>
  );
}

/** Who ended first, where it did not end well: the others mostly end because of it. */
function FirstEnd({ runs }: { runs: Run[] }) {
  const [first, ...others] = inOrderOfEnd(runs).filter((run) => BAD.has(run.state));
  if (!first) return null;
  return (
    <p class="failure">
      {others.length > 0 ? "First to end: " : ""}
      <a href={`/runs/${first.id}?view=Console`}>rank {first.rank}</a> on {first.host}
      {first.reason ? `: ${first.reason}` : `, ${first.state}`}
    </p>
  );
}

const BAD = new Set(["failed", "killed"]);

/** Returns those that have ended, the first one first; of one moment the killed before the failed. */
function inOrderOfEnd(runs: Run[]): Run[] {
  const isKilled = (run: Run) => Number(run.state === "killed");
  return runs.filter((run) => run.ended !== null).sort((a, b) => a.ended! - b.ended! || isKilled(b) - isKilled(a));
}

/** Where each rank runs; the colours are those of its lines. */
function NodeMap({ runs, chartRuns }: { runs: Run[]; chartRuns: ChartRun[] }) {
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
  const ends = inOrderOfEnd(runs).filter((run) => run.reason);
  return (
    <>
      <Section title="Last values" note="the largest spread first">
        <div class="scroll" tabIndex={0}>
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
                    <td class="number">{measured(row.key, row.mean)}</td>
                    <td class="number">
                      {row.spread ? (
                        `${unitOf(row.key)?.(row.spread) ?? number(row.spread, 3)} (${number(row.share * 100, 2)} %)`
                      ) : (
                        <span class="soft">alike</span>
                      )}
                    </td>
                    {row.values.map((given, at) => (
                      <td class="number" key={runs[at]!.id}>
                        {measured(row.key, given)}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </Section>
      <Section title="Configuration" note={different.length ? "what differs between ranks" : "the same on all ranks"}>
        {different.length > 0 && (
          <div class="scroll" tabIndex={0}>
            <table class="plain-table">
              <thead>
                <tr>
                  <th>Name</th>
                  {runs.map((run) => (
                    <th key={run.id}>rank {run.rank}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {different.map((name) => (
                  <tr key={name}>
                    <td class="mono">{name}</td>
                    {configs.map((config, at) => (
                      <td key={runs[at]!.id}>{value(config[name])}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
      {ends.length > 0 && (
        <Section title="How they ended" note="in the order of time; those of one reason together">
          <ul class="plain">
            {[...Map.groupBy(ends, (run) => `${run.state}\n${run.reason}`).values()].map((members) => (
              <li key={members[0]!.id} class="end">
                <State state={members[0]!.state} />
                <span>
                  {[...members]
                    .sort((a, b) => a.rank - b.rank)
                    .map((run) => (
                      <a key={run.id} href={`/runs/${run.id}?view=Console`}>
                        rank {run.rank}
                      </a>
                    ))}
                </span>
                <span>{members[0]!.reason}</span>
                <span class="soft">{clock(members[0]!.ended!)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
