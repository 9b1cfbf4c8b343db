/** The agents of a node: what each is working on, and how long its lease lasts. */

import type { NodeAgent } from "../api/types";
import { ago, duration } from "../base/format";
import { Scroll } from "../base/Scroll";
import { State } from "../base/State";

/** Longer names of GPUs, which are UUIDs, are cut. */
const MOST_CHARACTERS = 12;

export function AgentTable({ agents, now }: { agents: NodeAgent[]; now: number }) {
  const bySlot = [...agents].sort((a, b) => a.agent.slot - b.agent.slot);
  return (
    <Scroll label="Agents">
      <table class="plain-table">
        <thead>
          <tr>
            <th>Agent</th>
            <th>Slot</th>
            <th>GPUs</th>
            <th>Sweep</th>
            <th>Trial</th>
            <th>Lease</th>
            <th class="number">Done</th>
            <th>Last seen</th>
          </tr>
        </thead>
        <tbody>
          {bySlot.map((one) => (
            <AgentRow key={one.agent.id} {...one} now={now} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function AgentRow({ agent, sweep_name, trial_number, trial_since, lease_expires, now }: NodeAgent & { now: number }) {
  return (
    <tr>
      <td>
        <State state={agent.state} /> <span class="soft">pid {agent.pid}</span>
      </td>
      <td>{agent.slot}</td>
      <td>{agent.gpus.map(shortened).join(", ") || <span class="soft">none</span>}</td>
      <td>
        <a href={`/sweeps/${agent.sweep}`}>{sweep_name}</a>
      </td>
      <td>
        {agent.trial ? (
          <>
            <a href={`/sweeps/${agent.sweep}?trial=${agent.trial}`}>{trial_number}</a>
            {trial_since !== null && <span class="soft"> for {duration(Math.max(0, now - trial_since))}</span>}
          </>
        ) : (
          <span class="soft">{agent.state === "lost" ? "–" : "waiting"}</span>
        )}
      </td>
      <td>
        {agent.trial && lease_expires !== null ? <Lease left_s={lease_expires - now} /> : <span class="soft">–</span>}
      </td>
      <td class="number">{agent.trials_done}</td>
      <td>{ago(agent.seen, now)}</td>
    </tr>
  );
}

function shortened(gpu: string): string {
  return gpu.length > MOST_CHARACTERS ? `${gpu.slice(0, MOST_CHARACTERS)}…` : gpu;
}

function Lease({ left_s }: { left_s: number }) {
  return left_s > 0 ? <>{duration(Math.ceil(left_s))} left</> : <span class="warn-text">expired</span>;
}
