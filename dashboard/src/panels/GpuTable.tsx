/** A node's GPUs: what each does now and for whom. */

import type { NodeAgent, NodeRun, NodeStatus } from "../api/types";
import { bytes, duration, number } from "../base/format";
import { Meter } from "./Meter";
import { type GpuNow, gpusNow, taken } from "./occupancy";

export function GpuTable({ there, now }: { there: NodeStatus; now: number }) {
  return (
    <div class="scroll" tabIndex={0}>
      <table class="plain-table gpus">
        <thead>
          <tr>
            <th>GPU</th>
            <th>Utilization</th>
            <th>Memory</th>
            <th class="number">Temperature</th>
            <th class="number">Power</th>
            <th>Used by</th>
          </tr>
        </thead>
        <tbody>
          {gpusNow(there).map((gpu) => (
            <GpuRow key={gpu.uuid || gpu.place} gpu={gpu} trials={there.agents} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GpuRow({ gpu, trials, now }: { gpu: GpuNow; trials: NodeAgent[]; now: number }) {
  const { utilization_percent: use, memory_used_bytes: held, temperature_c: degrees, power_w: watts } = gpu.values;
  return (
    <tr class={`gpu-${gpu.state}`}>
      <td title={gpu.uuid}>
        <b>{gpu.place}</b> <span class="soft">{gpu.name}</span>
      </td>
      <td>
        {use === undefined ? (
          <span class="soft">–</span>
        ) : (
          <Meter share={use / 100} text={`${number(use, 3)} %`} name={`Utilization of GPU ${gpu.place}`} />
        )}
      </td>
      <td>
        {held === undefined ? (
          <span class="soft">–</span>
        ) : (
          <Meter
            share={gpu.memory_bytes ? held / gpu.memory_bytes : 0}
            text={`${bytes(held)}${gpu.memory_bytes ? ` of ${bytes(gpu.memory_bytes)}` : ""}`}
            name={`Memory of GPU ${gpu.place}`}
          />
        )}
      </td>
      <td class="number">{degrees === undefined ? "–" : `${number(degrees, 3)} °C`}</td>
      <td class="number">{watts === undefined ? "–" : `${number(watts, 3)} W`}</td>
      <td>
        <Users gpu={gpu} trials={trials} now={now} />
      </td>
    </tr>
  );
}

function Users({ gpu, trials, now }: { gpu: GpuNow; trials: NodeAgent[]; now: number }) {
  if (gpu.runs.length) {
    return (
      <>
        {gpu.runs.map((run) => (
          <RunLine key={run.id} run={run} gpu={gpu.place} trials={trials} now={now} />
        ))}
      </>
    );
  }
  const starts = gpu.agents.find(({ agent }) => agent.trial);
  if (starts) {
    return (
      <div class="run-line">
        <a href={`/sweeps/${starts.agent.sweep}?trial=${starts.agent.trial}`}>
          trial {starts.trial_number} of {starts.sweep_name}
        </a>
        <span class="soft">has logged nothing yet</span>
      </div>
    );
  }
  if (gpu.state === "foreign") return <span class="warn-text">something that is no run of this server's</span>;
  if (gpu.agents.length)
    return <span class="soft">nobody; kept for {gpu.agents.map(({ sweep_name }) => sweep_name).join(", ")}</span>;
  return <span class="soft">{gpu.state === "idle" ? "nobody: idle" : "not known"}</span>;
}

/** One run: its name, place, trial and owner, and what it takes. */
export function RunLine({
  run,
  gpu = null,
  trials,
  now,
}: {
  run: NodeRun;
  gpu?: string | null;
  trials: NodeAgent[];
  now: number;
}) {
  const trial = run.trial ? trials.find(({ agent }) => agent.trial === run.trial) : undefined;
  const held = taken(run, gpu === null ? "memory.rss_bytes" : "memory_used_bytes", gpu);
  const use = taken(run, gpu === null ? "cpu.percent" : "utilization_percent", gpu);
  const takes = [
    held === null ? "" : bytes(held),
    use === null ? "" : `${number(use, 3)} %${gpu === null ? " of a core" : ""}`,
  ];
  const told = [run.user, duration(Math.max(0, now - run.created)), ...takes].filter(Boolean);
  return (
    <div class="run-line">
      <a href={`/runs/${run.id}?view=System`}>{run.name}</a>
      {run.world_size > 1 && <span>rank {run.rank}</span>}
      {run.sweep && (
        <a href={`/sweeps/${run.sweep}${run.trial ? `?trial=${run.trial}` : ""}`}>
          {trial ? `trial ${trial.trial_number} of ${trial.sweep_name}` : "its sweep"}
        </a>
      )}
      <span class="soft">{told.join(" · ")}</span>
    </div>
  );
}
