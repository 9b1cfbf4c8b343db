/** The details of one trial, beside the page. They stay open when another trial is selected anywhere on the page. */

import { useEffect, useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { useData, useNow } from "../api/data";
import { refreshAll } from "../api/live";
import { paths } from "../api/routes";
import type { Agent, Run, Sweep, Trial } from "../api/types";
import { duration, exact, flat, number } from "../base/format";
import { Name } from "../base/Name";
import { counted } from "../base/names";
import { Pairs } from "../base/Pairs";
import { useCanEdit } from "../base/permissions";
import { Rounded } from "../base/Rounded";
import { Preformatted } from "../base/Scroll";
import { Fact } from "../base/Section";
import { State } from "../base/State";
import { groupPathOf } from "./paths";
import { WhyPoint } from "./WhyPoint";
import "./Detail.css";

const NONE: never[] = [];

interface Props {
  sweep: Sweep;
  trial: Trial;
  /** Its rank among the trials with a value, from 1, and how many those are. */
  rank: [number, number] | null;
  agent: Agent | undefined;
  onClose: () => void;
}

export function Detail({ sweep, trial, rank, agent, onClose }: Props) {
  const runs = useData(paths.runs({ trial: trial.id })).value?.runs ?? NONE;
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) onClose();
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [onClose]);
  return (
    <aside class="detail" aria-label={`Trial ${trial.number}`}>
      <header>
        <h2>
          Trial {trial.number} <State state={trial.state} />
        </h2>
        <button type="button" class="icon" aria-label="Close" title="Escape" onClick={onClose}>
          ✕
        </button>
      </header>
      <Actions trial={trial} runs={runs} key={trial.id} />
      <Facts sweep={sweep} trial={trial} rank={rank} agent={agent} />
      {(trial.error || trial.reason) && <p>{trial.error || trial.reason}</p>}
      {trial.stderr_tail && <Preformatted>{trial.stderr_tail}</Preformatted>}
      <h3>Parameters</h3>
      <Pairs pairs={Object.entries(flat(trial.params)).map(([name, given]) => [name, exact(given)])} />
      <WhyPoint trial={trial} />
      {runs.length > 0 && <h3>{counted(runs.length, "run")}</h3>}
      <Runs runs={runs} />
    </aside>
  );
}

const OPEN = new Set(["pending", "leased", "running"]);
const RETRIED = new Set(["failed", "lost", "preempted"]);

function Actions({ trial, runs }: { trial: Trial; runs: Run[] }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const act = (work: Promise<unknown>) => work.then(refreshAll, (refusal) => setError(errorText(refusal)));
  const [first] = runs;
  return (
    <>
      <p class="detail-acts">
        {first && (
          <a class="button primary" href={runs.length === 1 ? `/runs/${first.id}` : groupPathOf(first)}>
            {runs.length === 1 ? "Open its run" : `All ${runs.length} ranks`}
          </a>
        )}
        {canEdit && OPEN.has(trial.state) && (
          <button type="button" onClick={() => void act(actions.stopTrial(trial.id))}>
            Stop this trial
          </button>
        )}
        {canEdit && RETRIED.has(trial.state) && (
          <button type="button" onClick={() => void act(actions.retryTrial(trial.id))}>
            Run again
          </button>
        )}
      </p>
      {error && <p class="failure">{error}</p>}
    </>
  );
}

function Facts({ sweep, trial, rank, agent }: Omit<Props, "onClose">) {
  const now = useNow(2000);
  return (
    <div class="facts">
      <Fact name={sweep.metric ?? "objective"}>
        <Rounded given={trial.objective}>{number(trial.objective, 5)}</Rounded>
      </Fact>
      {rank && (
        <Fact name="rank">
          {rank[0]} of {rank[1]}
        </Fact>
      )}
      <Fact name="reports">{trial.reports}</Fact>
      {trial.started !== null && (
        <Fact name={trial.ended === null ? "running for" : "duration"}>
          {duration((trial.ended ?? now) - trial.started)}
        </Fact>
      )}
      {!!trial.unseen_ends && <Fact name="results its search did not know">{trial.unseen_ends}</Fact>}
      {trial.attempt > 1 && <Fact name="attempt">{trial.attempt}</Fact>}
      {trial.exit_code !== null && trial.exit_code !== 0 && <Fact name="exit code">{trial.exit_code}</Fact>}
      {agent && (
        <Fact name="agent">
          {agent.host} · slot {agent.slot}
        </Fact>
      )}
    </div>
  );
}

function Runs({ runs }: { runs: Run[] }) {
  return (
    <ul class="plain">
      {runs.map((run) => (
        <li key={run.id} class="detail-run">
          <a href={`/runs/${run.id}`}>
            <Name>{run.name}</Name>
          </a>
          <span class="soft">
            rank {run.rank} on {run.host}
          </span>
          <State state={run.state} title={run.reason || run.state} />
        </li>
      ))}
    </ul>
  );
}
