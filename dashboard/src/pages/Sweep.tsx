import { useCallback, useMemo, useState } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Agent, Sweep, Trial } from "../api/types";
import { ago, clock, duration, flat, number, value } from "../base/format";
import { Command, Fact, Failure, Page, Section, useTitle } from "../base/Page";
import { navigate, placeWith, useParam } from "../base/router";
import { State } from "../base/State";
import { Toggle } from "../charts/Charts";
import { BestSoFar } from "../sweep/BestSoFar";
import { Contour } from "../sweep/Contour";
import { Controls } from "../sweep/Controls";
import { Curves } from "../sweep/Curves";
import { Detail } from "../sweep/Detail";
import { Finder } from "../sweep/Finder";
import { found } from "../sweep/find";
import { mostRelevant, useFirstRuns, useTrials } from "../sweep/loadTrials";
import { Parallel } from "../sweep/Parallel";
import { Progress } from "../sweep/Progress";
import { Scale } from "../sweep/Scale";
import { ImportanceBars, Slices } from "../sweep/Slices";
import { importance, parameters, ranking, sign } from "../sweep/score";
import { Timeline } from "../sweep/Timeline";
import { Trials } from "../sweep/Trials";

const NONE: never[] = [];

export function SweepPage({ id }: { id: string }) {
  const { value: sweep, error } = useData(paths.sweep(id));
  const trials = useTrials(id);
  const agents = useData(paths.agents(id)).value ?? NONE;
  const places = useMemo(
    () => (sweep ? ranking(trials, sign(sweep)) : new Map<string, number>()),
    [trials, sweep?.goal],
  );
  const runs = useFirstRuns(
    useMemo(() => mostRelevant(trials, places), [trials, places]),
    sweep?.metric ?? "",
  );
  const [brushed, setBrushed] = useState<Set<string> | null>(null);
  const [selected, setSelected] = useParam("trial");
  const [logText, setLog] = useParam("log");
  const [typed, setTyped] = useParam("find");
  const [state, setState] = useParam("state");
  useTitle(sweep ? `${sweep.name || sweep.id} · sweep` : "");
  const wanted = useMemo(() => (sweep ? parameters(sweep, trials) : NONE), [sweep, trials]);
  const byImportance = useMemo(() => {
    const rows = sweep ? importance(trials, wanted, sign(sweep)) : NONE;
    return rows.map((row) => wanted.find((one) => one.name === row.name)!);
  }, [wanted]);
  const meant = useMemo(
    () => found(state ? trials.filter((trial) => trial.state === state) : trials, typed),
    [trials, state, typed],
  );
  const kept = useMemo(() => (meant.length < trials.length ? idsOf(meant) : null), [meant, trials]);
  const shown = useMemo(() => (brushed ? meant.filter((trial) => brushed.has(trial.id)) : meant), [meant, brushed]);
  const chosen = useMemo(() => (brushed ? idsOf(shown) : kept), [brushed, shown, kept]);
  const close = useCallback(() => setSelected(""), []);
  if (!sweep)
    return (
      <Page title="Sweep" trail={[["Sweeps", "/sweeps"]]}>
        {error ? <Failure error={error} /> : <p class="empty">…</p>}
      </Page>
    );

  const isLog = logText ? logText === "on" : isWide(trials);
  function showAll(): void {
    setBrushed(null);
    navigate(placeWith({ find: null, state: null }), { isReplacing: true });
  }
  const chosenNote = chosen && (
    <button type="button" class="chip" title="Show all trials again" onClick={showAll}>
      {chosen.size} of {trials.length} trials ✕
    </button>
  );
  const trial = trials.find((one) => one.id === selected);
  return (
    <Page
      trail={[
        ["Sweeps", "/sweeps"],
        [sweep.project, `/sweeps?project=${encodeURIComponent(sweep.project)}`],
      ]}
      title={
        <>
          {sweep.name || sweep.id} <State state={sweep.state} title={sweep.reason} />
        </>
      }
      aside={<Controls sweep={sweep} trials={trials} />}
      facts={<Facts sweep={sweep} trials={trials} />}
    >
      <Progress sweep={sweep} />
      {sweep.reason && <p class="soft">{sweep.reason}</p>}
      <Section
        title="Progress"
        note={chosenNote}
        aside={
          <>
            <Scale />
            <Toggle name="log y" isOn={isLog} onFlip={() => setLog(isLog ? "off" : "on")} />
          </>
        }
      >
        <div class="two">
          <BestSoFar
            sweep={sweep}
            trials={trials}
            places={places}
            chosen={chosen}
            isLog={isLog}
            onSelect={setSelected}
          />
          <Curves
            sweep={sweep}
            trials={trials}
            places={places}
            runs={runs}
            chosen={chosen}
            isLog={isLog}
            onSelect={setSelected}
          />
        </div>
      </Section>
      {wanted.length > 0 && (
        <>
          <Section title="Parameters" note={chosenNote || "drag along an axis to choose trials for the whole page"}>
            <Parallel
              sweep={sweep}
              trials={trials}
              places={places}
              parameters={wanted}
              kept={kept}
              brushed={brushed}
              onBrush={setBrushed}
              onSelect={setSelected}
              key={wanted.map((one) => one.name).join()}
            />
          </Section>
          <div class="two narrow-first">
            <Section title="Importance" note="how far a parameter alone explains the order of the trials">
              <ImportanceBars sweep={sweep} trials={trials} parameters={wanted} />
            </Section>
            <Section title="Slices" note={`${sweep.metric ?? "objective"} by parameter`}>
              <Slices
                sweep={sweep}
                trials={trials}
                places={places}
                parameters={byImportance}
                chosen={chosen}
                isLog={isLog}
                onSelect={setSelected}
              />
            </Section>
          </div>
          {wanted.length > 1 && trials.some((trial) => trial.objective !== null) && (
            <Section
              title="Two parameters"
              note="a dot a trial; between them the mean of near ones, faint where none is near"
            >
              <Contour
                trials={trials}
                places={places}
                parameters={byImportance}
                chosen={chosen}
                onSelect={setSelected}
              />
            </Section>
          )}
        </>
      )}
      <Section
        title="Trials"
        note={chosenNote || `${trials.length}`}
        aside={<Finder trials={trials} typed={typed} onType={setTyped} state={state} onState={setState} />}
      >
        <Trials
          sweep={sweep}
          trials={shown}
          runs={runs}
          parameters={wanted}
          selected={selected}
          onSelect={setSelected}
        />
      </Section>
      <Failures trials={trials} onSelect={setSelected} />
      <Section title="Agents" note={agentsNote(agents)}>
        <Timeline agents={agents} trials={trials} chosen={chosen} selected={selected} onSelect={setSelected} />
        {(sweep.state === "running" || sweep.state === "paused") && (
          <div class="add-agent">
            <span class="soft">Add every GPU of a machine, in the folder of the program:</span>
            <Command>{`lightning-sweeps agent ${sweep.id}`}</Command>
          </div>
        )}
      </Section>
      <details class="section">
        <summary>Sweep file</summary>
        <dl class="pairs">
          {Object.entries(flat(sweep.config)).map(([name, given]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value(given, 6)}</dd>
            </div>
          ))}
        </dl>
      </details>
      {trial && (
        <Detail
          sweep={sweep}
          trial={trial}
          rank={rankOf(trial, places)}
          agent={agents.find((agent) => agent.id === trial.agent)}
          onClose={close}
        />
      )}
    </Page>
  );
}

function idsOf(trials: Trial[]): Set<string> {
  return new Set(trials.map((trial) => trial.id));
}

function rankOf(trial: Trial, places: Map<string, number>): [number, number] | null {
  const place = places.get(trial.id);
  return place === undefined ? null : [Math.round(place * (places.size - 1)) + 1, places.size];
}

/** Whether the objectives span so much that a linear axis would hide the good ones. */
function isWide(trials: Trial[]): boolean {
  const values = trials.map((trial) => trial.objective).filter((one) => one !== null);
  return values.length > 2 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 20;
}

function agentsNote(agents: Agent[]): string {
  const here = agents.filter((agent) => agent.state === "working" || agent.state === "idle").length;
  return here ? `${here} at work` : "none at work";
}

function Facts({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const now = useNow();
  const busy = trials.reduce(
    (sum, trial) => sum + (trial.started === null ? 0 : (trial.ended ?? now) - trial.started),
    0,
  );
  return (
    <>
      <Fact name={`best ${sweep.metric ?? ""}`}>
        {sweep.best ? (
          <a href={`?trial=${sweep.best.id}`}>
            {number(sweep.best.objective, 5)} <small class="soft">trial {sweep.best.number}</small>
          </a>
        ) : (
          "–"
        )}
      </Fact>
      <Fact name="goal">{sweep.goal}</Fact>
      <Fact name="method">{sweep.method}</Fact>
      <Fact name="trials">
        {trials.length}
        {sweep.run_cap ? ` of ${sweep.run_cap}` : ""}
      </Fact>
      <Fact name="took">{duration((sweep.ended ?? now) - sweep.created)}</Fact>
      <Fact name="trial time" title="All trials together">
        {duration(busy)}
      </Fact>
      <Fact name="begun" title={clock(sweep.created)}>
        {ago(sweep.created, now)}
      </Fact>
      <Fact name="id">
        <span class="mono">{sweep.id}</span>
      </Fact>
    </>
  );
}

function Failures({ trials, onSelect }: { trials: Trial[]; onSelect: (id: string) => void }) {
  const failed = trials.filter((trial) => trial.state === "failed" || trial.state === "lost");
  if (!failed.length) return null;
  const causes = Map.groupBy(
    failed,
    (trial) => trial.stderr_tail.trim().split("\n").pop() || trial.reason || trial.state,
  );
  return (
    <Section title="Failures" note={`${failed.length}`}>
      <ul class="plain">
        {[...causes].map(([cause, members]) => (
          <li key={cause}>
            <State state={members[0]!.state} /> <code class="clip">{cause}</code>{" "}
            {members.slice(0, 12).map((trial) => (
              <button type="button" class="quiet small" key={trial.id} onClick={() => onSelect(trial.id)}>
                trial {trial.number}
              </button>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}
