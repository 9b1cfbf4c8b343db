/** The GPUs of a node: their load now, and who uses them. */

import type { NodeAgent, NodeRun, NodeStatus } from "../api/types";
import { bytes, duration, number } from "../base/format";
import { Scroll } from "../base/Scroll";
import { Meter } from "./Meter";
import { type GpuNow, gpusNow, usageOf } from "./occupancy";
import "./GpuTable.css";

export function GpuTable({ status, now }: { status: NodeStatus; now: number }) {
  return (
    <Scroll label="GPUs">
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
          {gpusNow(status).map((gpu) => (
            <GpuRow key={gpu.uuid || gpu.place} gpu={gpu} trials={status.agents} now={now} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function GpuRow({ gpu, trials, now }: { gpu: GpuNow; trials: NodeAgent[]; now: number }) {
  const { utilization_percent: use, temperature_c: degrees, power_w: watts } = gpu.values;
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
        <Memory gpu={gpu} />
      </td>
      <td class="number">{degrees === undefined ? "–" : `${number(degrees, 3)} °C`}</td>
      <td class="number">{watts === undefined ? "–" : `${number(watts, 3)} W`}</td>
      <td>
        <Users gpu={gpu} trials={trials} now={now} />
      </td>
    </tr>
  );
}

function Memory({ gpu: { place, memory_bytes, values } }: { gpu: GpuNow }) {
  const { memory_used_bytes: used } = values;
  if (used === undefined) return <span class="soft">–</span>;
  const text = memory_bytes ? `${bytes(used)} of ${bytes(memory_bytes)}` : bytes(used);
  return <Meter share={memory_bytes ? used / memory_bytes : 0} text={text} name={`Memory of GPU ${place}`} />;
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
  const starting = gpu.agents.find(({ agent }) => agent.trial);
  if (starting) {
    return (
      <div class="run-line">
        <a href={`/sweeps/${starting.agent.sweep}?trial=${starting.agent.trial}`}>
          trial {starting.trial_number} of {starting.sweep_name}
        </a>
        <span class="soft">has not logged anything yet</span>
      </div>
    );
  }
  if (gpu.state === "foreign") return <span class="warn-text">a process that is not a run of this server</span>;
  const sweeps = gpu.agents.map(({ sweep_name }) => sweep_name).join(", ");
  if (gpu.agents.length) return <span class="soft">reserved for {sweeps}</span>;
  return <span class="soft">{gpu.state === "idle" ? "idle" : "unknown"}</span>;
}

interface RunLineProps {
  run: NodeRun;
  /** The place of the GPU whose use is shown; null: CPU and memory are shown. */
  gpu?: string | null;
  trials: NodeAgent[];
  now: number;
}

/** One run: its name, rank, trial and owner, and what it uses. */
export function RunLine({ run, gpu = null, trials, now }: RunLineProps) {
  const trial = run.trial ? trials.find(({ agent }) => agent.trial === run.trial) : undefined;
  const age = duration(Math.max(0, now - run.created));
  return (
    <div class="run-line">
      <a href={`/runs/${run.id}?view=System`}>{run.name}</a>
      {run.world_size > 1 && <span>rank {run.rank}</span>}
      {run.sweep && (
        <a href={`/sweeps/${run.sweep}${run.trial ? `?trial=${run.trial}` : ""}`}>
          {trial ? `trial ${trial.trial_number} of ${trial.sweep_name}` : "its sweep"}
        </a>
      )}
      <span class="soft">{[run.user, age, ...usageTexts(run, gpu)].filter(Boolean).join(" · ")}</span>
    </div>
  );
}

function usageTexts(run: NodeRun, gpu: string | null): string[] {
  const memory = usageOf(run, gpu === null ? "memory.rss_bytes" : "memory_used_bytes", gpu);
  const use = usageOf(run, gpu === null ? "cpu.percent" : "utilization_percent", gpu);
  const unit = gpu === null ? "% of a core" : "%";
  return [memory === null ? "" : bytes(memory), use === null ? "" : `${number(use, 3)} ${unit}`];
}
