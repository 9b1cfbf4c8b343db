/** Which agent ran which trial when: a row an agent, with its idle gaps to be seen. */

import { useNow } from "../api/data";
import type { Agent, Trial } from "../api/types";
import { duration, number, ROUND_SECONDS } from "../base/format";
import { State, tone } from "../base/State";

interface Props {
  agents: Agent[];
  trials: Trial[];
  chosen: Set<string> | null;
  selected: string;
  onSelect: (trial: string) => void;
}

const MOST_TICKS = 8;
const DAY_S = 86_400;
/** So many spans are not drawn anew all the time. */
const MANY = 500;

export function Timeline({ agents, trials, chosen, selected, onSelect }: Props) {
  const now = useNow(trials.length > MANY ? 15_000 : 2000);
  const started = trials.filter((trial) => trial.started !== null && trial.agent !== null);
  if (!agents.length) return <p class="empty">No agent has come yet.</p>;
  const isOver = (agent: Agent) => agent.state === "gone" || agent.state === "lost";
  const from = Math.min(...agents.map((agent) => agent.registered));
  const to = Math.max(
    ...agents.map((agent) => (isOver(agent) ? agent.seen : now)),
    ...started.map((trial) => trial.ended ?? now),
  );
  const whole = Math.max(to - from, 1);
  const left = (time: number) => `${(100 * (time - from)) / whole}%`;
  return (
    <div class="timeline" role="list" aria-label="Agents over time">
      {agents.map((agent) => {
        const own = started.filter((trial) => trial.agent === agent.id);
        const here = (isOver(agent) ? agent.seen : now) - agent.registered;
        const busy = own.reduce((sum, trial) => sum + (trial.ended ?? now) - trial.started!, 0);
        const idle = Math.max(0, 1 - busy / Math.max(here, 1));
        return (
          <div class="timeline-row" role="listitem" key={agent.id}>
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
              <i class="present" style={{ left: left(agent.registered), width: `${(100 * here) / whole}%` }} />
              {own.map((trial) => {
                const span = (trial.ended ?? now) - trial.started!;
                const isOut = chosen !== null && !chosen.has(trial.id);
                const said = `trial ${trial.number}, ${trial.state}, ${duration(span)}${trial.reason ? `: ${trial.reason}` : ""}`;
                return (
                  <button
                    type="button"
                    key={trial.id}
                    class={`span ${tone(trial.state)}${isOut ? " out" : ""}${trial.id === selected ? " selected" : ""}`}
                    style={{ left: left(trial.started!), width: `max(2px, ${(100 * span) / whole}% - 1px)` }}
                    title={said}
                    aria-label={said}
                    tabIndex={-1}
                    onClick={() => onSelect(trial.id)}
                  >
                    {(100 * span) / whole > 2.2 && trial.number}
                  </button>
                );
              })}
            </div>
          </div>
        );
      })}
      <div class="timeline-axis" aria-hidden="true">
        {ticks(whole).map((at) => (
          <span key={at} style={{ left: `${(100 * at) / whole}%` }}>
            {at ? duration(at) : "0"}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Returns round times from 0 on, in seconds. */
function ticks(whole: number): number[] {
  const step = ROUND_SECONDS.find((one) => whole / one <= MOST_TICKS) ?? Math.ceil(whole / MOST_TICKS / DAY_S) * DAY_S;
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, at) => at * step);
}
