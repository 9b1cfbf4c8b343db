/** All that is known of one trial, beside the page: it stays while another one is chosen anywhere on the page. */

import { useEffect, useRef, useState } from "preact/hooks";
import { actions } from "../api/client";
import { useData, useNow } from "../api/data";
import { lookNow } from "../api/live";
import { paths } from "../api/routes";
import type { Agent, Sweep, Trial } from "../api/types";
import { duration, flat, number, value } from "../base/format";
import { Name } from "../base/Name";
import { counted } from "../base/names";
import { Fact } from "../base/Page";
import { useCanEdit } from "../base/permissions";
import { State } from "../base/State";
import { groupPathOf } from "./paths";

const NONE: never[] = [];
const OPEN = new Set(["pending", "leased", "running"]);

interface Props {
  sweep: Sweep;
  trial: Trial;
  /** Its place among those with a value, from 1; and of how many. */
  rank: [number, number] | null;
  agent: Agent | undefined;
  onClose: () => void;
}

export function Detail({ sweep, trial, rank, agent, onClose }: Props) {
  const canEdit = useCanEdit();
  const runs = useData(paths.runs({ trial: trial.id })).value?.runs ?? NONE;
  const now = useNow(2000);
  const panel = useRef<HTMLElement>(null);
  const [error, setError] = useState("");
  useEffect(() => setError(""), [trial.id]);
  useEffect(() => {
    const leave = (event: KeyboardEvent) =>
      event.key === "Escape" && !document.querySelector("dialog[open]") && onClose();
    addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, [onClose]);
  const stop = () => actions.stopTrial(trial.id).then(lookNow, (refused: Error) => setError(refused.message));
  const first = runs[0];
  return (
    <aside class="detail" ref={panel} aria-label={`Trial ${trial.number}`}>
      <header>
        <h2>
          Trial {trial.number} <State state={trial.state} />
        </h2>
        <button type="button" class="icon" aria-label="Close" title="Escape" onClick={onClose}>
          ✕
        </button>
      </header>
      <p class="detail-acts">
        {first && runs.length === 1 && (
          <a class="button primary" href={`/runs/${first.id}`}>
            Open its run
          </a>
        )}
        {first && runs.length > 1 && (
          <a class="button primary" href={groupPathOf(first)}>
            All {runs.length} ranks
          </a>
        )}
        {canEdit && OPEN.has(trial.state) && (
          <button type="button" onClick={() => void stop()}>
            Stop this trial
          </button>
        )}
      </p>
      {error && <p class="failure">{error}</p>}
      <div class="facts">
        <Fact name={sweep.metric ?? "objective"}>{number(trial.objective, 5)}</Fact>
        {rank && (
          <Fact name="place">
            {rank[0]} of {rank[1]}
          </Fact>
        )}
        <Fact name="reports">{trial.reports}</Fact>
        {trial.started !== null && (
          <Fact name={trial.ended === null ? "runs for" : "took"}>
            {duration((trial.ended ?? now) - trial.started)}
          </Fact>
        )}
        {trial.attempt > 1 && <Fact name="attempt">{trial.attempt}</Fact>}
        {trial.exit_code !== null && trial.exit_code !== 0 && <Fact name="exit code">{trial.exit_code}</Fact>}
        {agent && (
          <Fact name="agent">
            {agent.host} · slot {agent.slot}
          </Fact>
        )}
      </div>
      {trial.reason && <p>{trial.reason}</p>}
      {trial.stderr_tail && (
        <pre class="console" tabIndex={0}>
          {trial.stderr_tail}
        </pre>
      )}
      <h3>Parameters</h3>
      <dl class="pairs">
        {Object.entries(flat(trial.params)).map(([name, given]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value(given, 6)}</dd>
          </div>
        ))}
      </dl>
      {runs.length > 0 && <h3>{counted(runs.length, "run")}</h3>}
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
    </aside>
  );
}
