/** The start page: what is running, what failed lately, the latest sweeps and runs. */

import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow, RunsQuery, Sweep } from "../api/types";
import { Failure } from "../base/Failure";
import { quoted } from "../base/filter";
import { projectPath } from "../base/names";
import { Page, useTitle } from "../base/Page";
import { Fact, Section } from "../base/Section";
import { GROUP_ROW_COLUMNS, GroupRow } from "../panels/GroupRow";
import { Welcome } from "../panels/Welcome";
import { SweepCard } from "../sweep/SweepCard";

const SWEEPS = 6;
const GROUPS = 12;
const LATELY = "created > -1d";
const FAILED = `state in (failed, killed) and ${LATELY}`;

export function HomePage() {
  const sweeps = useData(paths.sweeps());
  const latest = sweeps.value?.slice(0, SWEEPS);
  const all = useData(paths.table(queryOf("")));
  const runs = useData(latest ? paths.table(queryOf(notIn(latest), GROUPS, GROUP_ROW_COLUMNS)) : null);
  useTitle("");
  const total = all.value?.total;
  if (latest?.length === 0 && total === 0) return <Welcome />;
  return (
    <Page title="Home" facts={<Facts sweeps={sweeps.value?.length} runs={total} />}>
      <Failure error={sweeps.error || runs.error} />
      <LatestSweeps sweeps={latest ?? []} total={sweeps.value?.length ?? 0} />
      <Section
        title="Latest runs"
        note={latest?.length ? "without those of these sweeps" : ""}
        kind="bare"
        aside={<a href="/runs">all {total ?? ""}</a>}
      >
        <LatestRuns rows={runs.value?.rows} />
      </Section>
      <Projects />
    </Page>
  );
}

function queryOf(filter: string, limit = 1, columns = ["state"]): RunsQuery {
  return { project: null, filter, sort: [{ column: "created", descending: true }], columns, limit, offset: 0 };
}

/** Returns the filter of groups that do not belong to these sweeps. */
function notIn(sweeps: Sweep[]): string {
  const ids = sweeps.map(({ id }) => quoted(id)).join(", ");
  return ids ? `rank = 0 and (sweep = null or not sweep in (${ids}))` : "rank = 0";
}

function Facts({ sweeps, runs }: { sweeps: number | undefined; runs: number | undefined }) {
  const running = useData(paths.table(queryOf("state = running"))).value?.total;
  const failed = useData(paths.table(queryOf(FAILED))).value?.total;
  return (
    <>
      <Fact name="running">{running ? <a href="/runs?state=running">{running}</a> : (running ?? "…")}</Fact>
      <Fact name="failed within a day">
        {failed ? <a href={`/runs?find=${encodeURIComponent(FAILED)}`}>{failed}</a> : (failed ?? "…")}
      </Fact>
      <Fact name="sweeps">{sweeps ?? "…"}</Fact>
      <Fact name="runs">{runs ?? "…"}</Fact>
    </>
  );
}

function LatestSweeps({ sweeps, total }: { sweeps: Sweep[]; total: number }) {
  const now = useNow();
  if (!sweeps.length) return null;
  return (
    <Section title="Sweeps" kind="bare" aside={<a href="/sweeps">all {total}</a>}>
      <div class="cards">
        {sweeps.map((sweep) => (
          <SweepCard key={sweep.id} sweep={sweep} now={now} />
        ))}
      </div>
    </Section>
  );
}

function LatestRuns({ rows }: { rows: RunRow[] | undefined }) {
  const now = useNow();
  if (!rows) return null;
  if (!rows.length) return <p class="empty">All runs belong to the sweeps above.</p>;
  return (
    <ul class="rows">
      {rows.map((run) => (
        <GroupRow key={run.id} run={run} now={now} />
      ))}
    </ul>
  );
}

function Projects() {
  const projects = useData(paths.projects()).value ?? [];
  if (!projects.length) return null;
  return (
    <Section title="Projects" kind="bare">
      <p class="chips">
        {projects.map((project) => (
          <a class="chip" key={project} href={projectPath(project)}>
            {project}
          </a>
        ))}
      </p>
    </Section>
  );
}
