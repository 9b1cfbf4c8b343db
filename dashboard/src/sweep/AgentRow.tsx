/** The trials of one agent over time. */

import { useRef } from "preact/hooks";
import type { Agent, Trial } from "../api/types";
import { duration, number } from "../base/format";
import { InTurn } from "../base/InTurn";
import { State, tone } from "../base/State";

/** Wider spans show the number of their trial. */
const LABEL_PERCENT = 2.2;

export type StartedTrial = Trial & { started: number };

interface Clock {
  now: number;
  from: number;
  /** The length of the whole timeline, in seconds. */
  whole: number;
}

/** Returns when an agent was last seen; now, while it is there. */
export function endOf(agent: Agent, now: number): number {
  return agent.state === "gone" || agent.state === "lost" ? agent.seen : now;
}

interface RowProps {
  chosen: Set<string> | null;
  selected: string;
  onSelect: (trial: string) => void;
  agent: Agent;
  trials: StartedTrial[];
  clock: Clock;
}

/** A row that is drawn in a frame of its own: it may have hundreds of trials. */
export function RowInTurn(props: RowProps) {
  const latest = useRef(props);
  if (isNew(props, latest.current)) latest.current = props;
  return <InTurn given={latest.current} draw={(shown) => <AgentRow {...shown} />} />;
}

/** Returns whether a row shows something else. Its list of trials is a new one each time. */
function isNew(props: RowProps, before: RowProps): boolean {
  const { agent, clock, chosen, selected, trials } = props;
  const isSame = agent === before.agent && chosen === before.chosen && selected === before.selected;
  const hasSameClock = clock.now === before.clock.now && clock.whole === before.clock.whole;
  const hasSameTrials =
    trials.length === before.trials.length && trials.every((trial, at) => trial === before.trials[at]);
  return !isSame || !hasSameClock || !hasSameTrials;
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
