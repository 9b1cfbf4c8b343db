/** Which agent ran which trial when: a row for each agent, with visible idle gaps. */

import { useNow } from "../api/data";
import type { Agent, Trial } from "../api/types";
import { duration, number } from "../base/format";
import { State, tone } from "../base/State";
import { durationTicks } from "../base/ticks";
import "./Timeline.css";

interface Props {
  agents: Agent[];
  trials: Trial[];
  chosen: Set<string> | null;
  selected: string;
  onSelect: (trial: string) => void;
}

/** More trials than this are redrawn less often. */
const MANY = 500;
/** Wider spans show the number of their trial. */
const LABEL_PERCENT = 2.2;

type StartedTrial = Trial & { started: number };

interface Clock {
  now: number;
  from: number;
  /** The length of the whole timeline, in seconds. */
  whole: number;
}

export function Timeline({ agents, trials, chosen, selected, onSelect }: Props) {
  const now = useNow(trials.length > MANY ? 15_000 : 2000);
  if (!agents.length) return <p class="empty">No agent has started yet.</p>;
  const started = trials.filter((trial): trial is StartedTrial => trial.started !== null && trial.agent !== null);
  const from = Math.min(...agents.map((agent) => agent.registered));
  const ends = [...agents.map((agent) => endOf(agent, now)), ...started.map((trial) => trial.ended ?? now)];
  const clock = { now, from, whole: Math.max(Math.max(...ends) - from, 1) };
  return (
    <div class="timeline">
      <ul class="timeline-rows" aria-label="Agents over time">
        {agents.map((agent) => (
          <AgentRow
            key={agent.id}
            agent={agent}
            trials={started.filter((trial) => trial.agent === agent.id)}
            {...{ clock, chosen, selected, onSelect }}
          />
        ))}
      </ul>
      <div class="timeline-axis" aria-hidden="true">
        {durationTicks(clock.whole).map((at) => (
          <span key={at} style={{ left: `${(100 * at) / clock.whole}%` }}>
            {at ? duration(at) : "0"}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Returns when an agent was last seen; now, while it is there. */
function endOf(agent: Agent, now: number): number {
  return agent.state === "gone" || agent.state === "lost" ? agent.seen : now;
}

interface RowProps extends Pick<Props, "chosen" | "selected" | "onSelect"> {
  agent: Agent;
  trials: StartedTrial[];
  clock: Clock;
}

function AgentRow({ agent, trials, clock, chosen, selected, onSelect }: RowProps) {
  const { now, from, whole } = clock;
  const present_s = endOf(agent, now) - agent.registered;
  const busy_s = trials.reduce((sum, trial) => sum + (trial.ended ?? now) - trial.started, 0);
  const idle = Math.max(0, 1 - busy_s / Math.max(present_s, 1));
  const left = `${(100 * (agent.registered - from)) / whole}%`;
  return (
    <li class="timeline-row">
      <div class="timeline-name">
        <State state={agent.state} />
        <span>
          {agent.host} · slot {agent.slot}
          {agent.gpus.length > 0 && ` · GPU ${agent.gpus.join(",")}`}
        </span>
        <small class="soft">
          {agent.trials_done} done · {number(idle * 100, 2)} % idle
        </small>
      </div>
      <div class="timeline-track">
        <i class="present" style={{ left, width: `${(100 * present_s) / whole}%` }} />
        {trials.map((trial) => (
          <Span
            key={trial.id}
            trial={trial}
            clock={clock}
            isOut={chosen !== null && !chosen.has(trial.id)}
            isSelected={trial.id === selected}
            onSelect={onSelect}
          />
        ))}
      </div>
    </li>
  );
}

interface SpanProps {
  trial: StartedTrial;
  clock: Clock;
  isOut: boolean;
  isSelected: boolean;
  onSelect: (trial: string) => void;
}

function Span({ trial, clock: { now, from, whole }, isOut, isSelected, onSelect }: SpanProps) {
  const seconds = (trial.ended ?? now) - trial.started;
  const percent = (100 * seconds) / whole;
  const reason = trial.reason ? `: ${trial.reason}` : "";
  const label = `trial ${trial.number}, ${trial.state}, ${duration(seconds)}${reason}`;
  return (
    <button
      type="button"
      class={`span ${tone(trial.state)}${isOut ? " out" : ""}${isSelected ? " selected" : ""}`}
      style={{ left: `${(100 * (trial.started - from)) / whole}%`, width: `max(2px, ${percent}% - 1px)` }}
      title={label}
      aria-label={label}
      tabIndex={-1}
      onClick={() => onSelect(trial.id)}
    >
      {percent > LABEL_PERCENT && trial.number}
    </button>
  );
}
