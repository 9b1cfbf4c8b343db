import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow, RunsQuery } from "../api/types";
import { quoted } from "../base/filter";
import { ago, duration, flat, measured } from "../base/format";
import { Name } from "../base/Name";
import { counted } from "../base/names";
import { Command, Fact, Failure, Page, Section, useTitle } from "../base/Page";
import { byMetricRank, groupName } from "../base/ranking";
import { State } from "../base/State";
import { SweepCard } from "../sweep/SweepCard";
import { groupPath, seconds, text } from "../tables/cells";

const SWEEPS = 6;
const GROUPS = 12;
const VALUES = 5;
const COLUMNS = [
  "name",
  "group",
  "group_state",
  "state",
  "reason",
  "world_size",
  "project",
  "host",
  "summary",
  "created",
  "ended",
];
const LATELY = "created > -1d";

function asked(filter: string, limit = 1, columns = ["state"]): RunsQuery {
  return { project: null, filter, sort: [{ column: "created", descending: true }], columns, limit, offset: 0 };
}

/** Returns the filter of groups that are not told by one of these sweeps already. */
function besides(sweeps: string[]): string {
  return sweeps.length ? `rank = 0 and (sweep = null or not sweep in (${sweeps.map(quoted).join(", ")}))` : "rank = 0";
}

export function HomePage() {
  const sweeps = useData(paths.sweeps());
  const shown = sweeps.value?.slice(0, SWEEPS);
  const all = useData(paths.table(asked("")));
  const runs = useData(shown ? paths.table(asked(besides(shown.map((sweep) => sweep.id)), GROUPS, COLUMNS)) : null);
  const running = useData(paths.table(asked("state = running"))).value?.total;
  const failed = useData(paths.table(asked(`(state = failed or state = killed) and ${LATELY}`))).value?.total;
  const projects = useData(paths.projects()).value ?? [];
  const now = useNow();
  useTitle("");
  if (shown?.length === 0 && all.value?.total === 0) return <Welcome />;
  return (
    <Page
      title="Home"
      facts={
        <>
          <Fact name="runs at work">{running ? <a href="/runs?state=running">{running}</a> : (running ?? "…")}</Fact>
          <Fact name="failed within a day">
            {failed ? (
              <a href={`/runs?find=${encodeURIComponent(`state in (failed, killed) and ${LATELY}`)}`}>{failed}</a>
            ) : (
              (failed ?? "…")
            )}
          </Fact>
          <Fact name="sweeps">{sweeps.value?.length ?? "…"}</Fact>
          <Fact name="runs">{all.value?.total ?? "…"}</Fact>
        </>
      }
    >
      <Failure error={sweeps.error || runs.error} />
      {shown && shown.length > 0 && (
        <Section title="Sweeps" kind="bare" aside={<a href="/sweeps">all {sweeps.value!.length}</a>}>
          <div class="cards">
            {shown.map((sweep) => (
              <SweepCard key={sweep.id} sweep={sweep} now={now} />
            ))}
          </div>
        </Section>
      )}
      <Section
        title="Latest runs"
        note={shown?.length ? "besides those of these sweeps" : ""}
        kind="bare"
        aside={<a href="/runs">all {all.value?.total ?? ""}</a>}
      >
        {runs.value?.total === 0 && <p class="empty">All runs belong to the sweeps above.</p>}
        {(runs.value?.total ?? 0) > 0 && (
          <ul class="rows">
            {runs.value!.rows.map((run) => (
              <GroupRow key={run.id} run={run} now={now} />
            ))}
          </ul>
        )}
      </Section>
      {projects.length > 1 && (
        <Section title="Projects" kind="bare">
          <p class="chips">
            {projects.map((project) => (
              <a class="chip" key={project} href={`/runs?project=${encodeURIComponent(project)}`}>
                {project}
              </a>
            ))}
          </p>
        </Section>
      )}
    </Page>
  );
}

/** A group in a row, told by its rank 0. */
function GroupRow({ run, now }: { run: RunRow; now: number }) {
  const ranks = seconds(run["world_size"]);
  const name = ranks > 1 ? groupName([{ name: text(run["name"]), group: text(run["group"]) }]) : text(run["name"]);
  const summary = flat((run["summary"] ?? {}) as Record<string, unknown>);
  const last = Object.entries(summary)
    .filter(([key, given]) => typeof given === "number" && key.includes("/"))
    .sort(([a], [b]) => byMetricRank(a, b))
    .slice(0, VALUES);
  const created = seconds(run["created"]);
  return (
    <li>
      <State state={text(run["group_state"] ?? run["state"])} title={text(run["reason"])} />
      <a href={ranks > 1 ? groupPath(run) : `/runs/${run.id}`}>
        <Name>{name}</Name>
      </a>
      <span class="soft clip">
        {text(run["project"])} · {ranks > 1 ? `${counted(ranks, "rank")} · ` : ""}
        {text(run["host"])}
      </span>
      <span class="row-values">
        {last.map(([key, given]) => (
          <span key={key}>
            <span class="soft">{key}</span> {measured(key, given, 3)}
          </span>
        ))}
      </span>
      <span class="soft when">
        {ago(created, now)} · {duration((seconds(run["ended"]) || now) - created)}
      </span>
    </li>
  );
}

const LOG = `from lightning_sweeps import SweepCallback, SweepLogger

trainer = Trainer(logger=SweepLogger("digits", mode="grouped"),
                  callbacks=[SweepCallback()], devices=2, strategy="ddp")`;

function Welcome() {
  return (
    <Page title="Nothing is logged here yet">
      <div class="two">
        <Section title="Log a run">
          <p>Two lines in a Lightning program; every rank becomes a run of one group.</p>
          <pre class="console">{LOG}</pre>
          <p>In plain DDP, on every rank:</p>
          <Command>{'run = lightning_sweeps.init(project="digits")'}</Command>
          <Command>{'run.log({"train/loss": loss}, step=step)'}</Command>
        </Section>
        <Section title="Run a sweep">
          <p>A W&amp;B sweep file works as it is. In its folder:</p>
          <Command>lightning-sweeps sweep sweep.yaml</Command>
          <p>Then, on every machine that shall work on it, with all its GPUs:</p>
          <Command>lightning-sweeps agent SWEEP_ID</Command>
          <p class="soft">This page shows what happens by itself, as soon as it does.</p>
        </Section>
      </div>
    </Page>
  );
}
