import { paths, type Run } from "../base/api";
import { useData, useNow } from "../base/data";
import { ago, duration, flat, value } from "../base/format";
import { byWorth, groupName } from "../base/worth";
import { Command, Failure, Page, Section, useTitle } from "../parts/Page";
import { State } from "../parts/State";
import { SweepCard } from "../sweep/SweepCard";

const SWEEPS = 6;
const RUNS = 40;
const GROUPS = 8;

export function HomePage() {
  const sweeps = useData(paths.sweeps());
  const runs = useData(paths.runs({ limit: RUNS }));
  const projects = useData(paths.projects()).value ?? [];
  const now = useNow();
  useTitle("");
  const isEmpty = sweeps.value?.length === 0 && runs.value?.total === 0;
  if (isEmpty) return <Welcome />;
  const groups = [...Map.groupBy(runs.value?.runs ?? [], (run) => `${run.project}\n${run.group}`).values()].slice(0, GROUPS);
  return (
    <Page title="Home">
      <Failure error={sweeps.error || runs.error} />
      {(sweeps.value?.length ?? 0) > 0 && (
        <Section title="Sweeps" kind="bare" aside={<a href="/sweeps">all {sweeps.value!.length}</a>}>
          <div class="cards">
            {sweeps.value!.slice(0, SWEEPS).map((sweep) => (
              <SweepCard key={sweep.id} sweep={sweep} now={now} />
            ))}
          </div>
        </Section>
      )}
      <Section title="Latest runs" kind="bare" aside={<a href="/runs">all {runs.value?.total ?? ""}</a>}>
        <ul class="rows">
          {groups.map((members) => (
            <GroupRow key={members[0]!.id} runs={members} now={now} />
          ))}
        </ul>
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

function GroupRow({ runs, now }: { runs: Run[]; now: number }) {
  const first = [...runs].sort((a, b) => a.rank - b.rank)[0]!;
  const to = runs.length > 1 ? `/groups/${encodeURIComponent(first.project)}/${encodeURIComponent(first.group)}` : `/runs/${first.id}`;
  const last = Object.entries(flat(first.summary)).filter(([key, given]) => typeof given === "number" && key.includes("/")).sort(([a], [b]) => byWorth(a, b)).slice(0, 4);
  const worst = runs.find((run) => run.state === "failed" || run.state === "killed") ?? first;
  return (
    <li>
      <State state={worst.state} title={worst.reason} />
      <a href={to}>{runs.length > 1 ? groupName(runs) : first.name}</a>
      <span class="soft">
        {first.project} · {runs.length > 1 ? `${runs.length} ranks` : `rank ${first.rank} of ${first.world_size}`} · {first.host}
      </span>
      <span class="row-values">
        {last.map(([key, given]) => (
          <span key={key}>
            <span class="soft">{key}</span> {value(given, 3)}
          </span>
        ))}
      </span>
      <span class="soft when">
        {ago(first.created, now)} · {duration((first.ended ?? now) - first.created)}
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
