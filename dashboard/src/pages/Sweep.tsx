/** The page of a sweep. */

import { useCallback, useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Agent, Sweep } from "../api/types";
import { Command } from "../base/Command";
import { exact, flat } from "../base/format";
import { InTurn } from "../base/InTurn";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { Pairs } from "../base/Pairs";
import { useParam } from "../base/router";
import { Section } from "../base/Section";
import { State } from "../base/State";
import { Controls } from "../sweep/Controls";
import { Detail } from "../sweep/Detail";
import { Failures } from "../sweep/Failures";
import { Finder } from "../sweep/Finder";
import { type Tried, useTrials } from "../sweep/loadTrials";
import { ObjectiveChoice } from "../sweep/ObjectiveChoice";
import { byObjective, withObjective } from "../sweep/objectives";
import { ParameterSections } from "../sweep/ParameterSections";
import { Pareto } from "../sweep/Pareto";
import { Progress } from "../sweep/Progress";
import { ProgressSection } from "../sweep/ProgressSection";
import { ResultPlots } from "../sweep/ResultPlots";
import { SweepFacts } from "../sweep/SweepFacts";
import { hasObjective } from "../sweep/score";
import { Timeline } from "../sweep/Timeline";
import { Trials } from "../sweep/Trials";
import { type SweepView, useSweepView } from "../sweep/useSweepView";
import "./Sweep.css";

const NONE: never[] = [];

export function SweepPage({ id }: { id: string }) {
  const { value: sweep, error } = useData(paths.sweep(id));
  const tried = useTrials(id);
  const agents = useData(paths.agents(id)).value ?? NONE;
  useTitle(sweep ? `${sweep.name || sweep.id} · sweep` : "");
  if (!sweep) return <Loading title="Sweep" trail={[["Sweeps", "/sweeps"]]} error={error} />;
  return <LoadedSweep sweep={sweep} tried={tried} agents={agents} />;
}

function LoadedSweep({ sweep: given, tried: all, agents }: { sweep: Sweep; tried: Tried; agents: Agent[] }) {
  const [objective, setObjective] = useParam("objective", given.metric ?? "");
  const sweep = useMemo(() => withObjective(given, objective, all.trials), [given, objective, all]);
  const tried = useMemo(() => ({ ...all, trials: byObjective(all.trials, given, objective) }), [all, given, objective]);
  const view = useSweepView(sweep, tried);
  const { trials } = tried;
  const { chosen } = view;
  const trail: Trail = [
    ["Sweeps", "/sweeps"],
    [sweep.project, `/sweeps?project=${encodeURIComponent(sweep.project)}`],
  ];
  const note = chosen && (
    <button type="button" class="chip" title="Show all trials again" onClick={view.showAll}>
      {chosen.size} of {trials.length} trials ✕
    </button>
  );
  return (
    <Page
      trail={trail}
      title={
        <>
          {sweep.name || sweep.id} <State state={sweep.state} title={sweep.reason} />
        </>
      }
      aside={<Controls sweep={sweep} trials={trials} />}
      facts={<SweepFacts sweep={sweep} trials={trials} />}
    >
      <Progress sweep={sweep} />
      {sweep.description && <p>{sweep.description}</p>}
      {sweep.reason && <p class="soft">{sweep.reason}</p>}
      <ObjectiveChoice sweep={given} value={objective} onChange={setObjective} />
      <ProgressSection view={view} note={note} />
      <InTurn given={view} draw={(shown) => <Pareto view={shown} />} />
      <ParameterSections view={view} note={note} />
      <InTurn given={view} draw={(shown) => <ResultPlots view={shown} />} />
      <Section
        title="Trials"
        note={note || `${view.results === trials ? "" : `${view.results.length} points, `}${trials.length}`}
        aside={<Finder trials={view.results} search={view.search} />}
      >
        <InTurn given={view} draw={(shown) => <Trials view={shown} />} />
      </Section>
      <Failures sweep={sweep.id} trials={trials} onSelect={view.select} />
      <Agents view={view} agents={agents} />
      <details class="section">
        <summary>Sweep file</summary>
        <Pairs pairs={Object.entries(flat(sweep.config)).map(([name, given]) => [name, exact(given)])} />
      </details>
      <Selected view={view} agents={agents} />
    </Page>
  );
}

function Agents({ view: { sweep, trials, chosen, selected, select }, agents }: { view: SweepView; agents: Agent[] }) {
  const active = agents.filter((agent) => agent.state === "working" || agent.state === "idle").length;
  return (
    <Section title="Agents" note={`${active || "none"} active`}>
      <InTurn
        given={useMemo(() => ({ agents, trials, chosen, selected }), [agents, trials, chosen, selected])}
        draw={(shown) => <Timeline {...shown} onSelect={select} />}
      />
      {(sweep.state === "running" || sweep.state === "paused") && (
        <div class="add-agent">
          <span class="soft">To add all GPUs of a machine, run this in the program's folder:</span>
          <Command>{`lightning-sweeps agent ${sweep.id}`}</Command>
          <span class="soft">
            An agent runs this sweep's program as the user who starts it. Its options --allow-program, --allow-command
            and --only-project limit what it runs.
          </span>
        </div>
      )}
    </Section>
  );
}

/** The details of the selected trial, if there is one. */
function Selected({ view, agents }: { view: SweepView; agents: Agent[] }) {
  const { sweep, trials, results, places, selected, select } = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: calling it again has no effect
  const close = useCallback(() => select(""), []);
  const trial = trials.find((one) => one.id === selected);
  if (!trial) return null;
  const place = places.get(trial.id);
  const ranked = results.filter(hasObjective).length;
  return (
    <Detail
      sweep={sweep}
      trial={trial}
      rank={place === undefined ? null : [Math.round(place * (ranked - 1)) + 1, ranked]}
      agent={agents.find((agent) => agent.id === trial.agent)}
      onClose={close}
    />
  );
}
