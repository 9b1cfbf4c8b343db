/** What differs between the ranks of a group: last values with their spread, configuration, ends. */

import type { Run } from "../api/types";
import { exact, flat, measured, number, unitOf } from "../base/format";
import { Scroll } from "../base/Scroll";
import { Section } from "../base/Section";
import { metricKeys } from "../charts/metricKeys";
import { EndsByReason } from "./GroupEnds";
import { type RankValues, rankValues } from "./rankValues";

export function Ranks({ runs }: { runs: Run[] }) {
  const keys = metricKeys(runs.map((run) => ({ run })));
  return (
    <>
      <LastValues runs={runs} rows={rankValues(runs, keys)} />
      <Differences runs={runs} />
      <EndsByReason runs={runs} />
    </>
  );
}

function LastValues({ runs, rows }: { runs: Run[]; rows: RankValues[] }) {
  return (
    <Section title="Last values" note="the largest spread first">
      <Scroll label="Last values by rank">
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
            {rows.map((row) => (
              <tr key={row.key}>
                <td>{row.key}</td>
                <td class="number">{measured(row.key, row.mean)}</td>
                <td class="number">{row.spread ? spreadText(row) : <span class="soft">alike</span>}</td>
                {runs.map((run, at) => (
                  <td class="number" key={run.id}>
                    {measured(row.key, row.values[at])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Section>
  );
}

function spreadText({ key, spread, share }: RankValues): string {
  return `${unitOf(key)?.(spread) ?? number(spread, 3)} (${number(share * 100, 2)} %)`;
}

function Differences({ runs }: { runs: Run[] }) {
  const configs = runs.map((run) => flat(run.config));
  const names = [...new Set(configs.flatMap((config) => Object.keys(config)))];
  const different = names.filter((name) => new Set(configs.map((config) => JSON.stringify(config[name]))).size > 1);
  if (!different.length) return <Section title="Configuration" note="the same on all ranks" />;
  return (
    <Section title="Configuration" note="what differs between ranks">
      <Scroll label="Configuration by rank">
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
                {runs.map((run, at) => (
                  <td key={run.id}>{exact(configs[at]?.[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Section>
  );
}
