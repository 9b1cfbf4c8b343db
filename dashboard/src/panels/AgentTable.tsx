/** The agents of a node: what each works on, and until when its lease stands unless it is heard of. */

import type { NodeAgent } from "../api/types";
import { ago, duration } from "../base/format";
import { State } from "../base/State";

export function AgentTable({ agents, now }: { agents: NodeAgent[]; now: number }) {
  return (
    <div class="scroll" tabIndex={0}>
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
            <th>Heard of</th>
          </tr>
        </thead>
        <tbody>
          {[...agents]
            .sort((a, b) => a.agent.slot - b.agent.slot)
            .map(({ agent, sweep_name, trial_number, trial_since, lease_expires }) => (
              <tr key={agent.id}>
                <td>
                  <State state={agent.state} /> <span class="soft">pid {agent.pid}</span>
                </td>
                <td>{agent.slot}</td>
                <td>
                  {agent.gpus.map((gpu) => (gpu.length > 12 ? `${gpu.slice(0, 12)}…` : gpu)).join(", ") || (
                    <span class="soft">none</span>
                  )}
                </td>
                <td>
                  <a href={`/sweeps/${agent.sweep}`}>{sweep_name}</a>
                </td>
                <td>
                  {agent.trial ? (
                    <>
                      <a href={`/sweeps/${agent.sweep}?trial=${agent.trial}`}>{trial_number}</a>
                      {trial_since !== null && (
                        <span class="soft"> for {duration(Math.max(0, now - trial_since))}</span>
                      )}
                    </>
                  ) : (
                    <span class="soft">{agent.state === "lost" ? "–" : "waits for one"}</span>
                  )}
                </td>
                <td>
                  {agent.trial && lease_expires !== null ? leaseText(lease_expires - now) : <span class="soft">–</span>}
                </td>
                <td class="number">{agent.trials_done}</td>
                <td>{ago(agent.seen, now)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function leaseText(left: number) {
  return left > 0 ? `${duration(Math.ceil(left))} more` : <span class="warn-text">has expired</span>;
}
