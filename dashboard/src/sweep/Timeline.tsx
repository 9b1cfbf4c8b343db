/** Which agent ran which trial when: a row for each agent, with visible idle gaps. */

import { useNow } from "../api/data";
import type { Agent, Trial } from "../api/types";
import { duration } from "../base/format";
import { durationTicks } from "../base/ticks";
import { endOf, RowInTurn, type StartedTrial } from "./AgentRow";
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
          <RowInTurn
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
