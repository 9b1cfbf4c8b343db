/** One machine: its load, its GPUs with their users, its agents, and on request charts of the last half hour. */

import type { NodeStatus } from "../api/types";
import { ago, bytes, number } from "../base/format";
import { Section } from "../base/Section";
import { AgentTable } from "./AgentTable";
import { GpuTable, RunLine } from "./GpuTable";
import { Meter } from "./Meter";
import { NodeCharts } from "./NodeCharts";
import { isQuiet, placesOfRun } from "./occupancy";
import { nodeText } from "./systemSamples";
import "./NodeSection.css";

const WINDOW_S = 1800;

interface Props {
  status: NodeStatus;
  now: number;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
}

export function NodeSection({ status, now, isOpen, onOpen }: Props) {
  const { node, agents } = status;
  const isSampled = node.cpu_count > 0;
  const isCurrent = !isQuiet(status, now);
  const from = Math.floor(node.seen / 60) * 60 - WINDOW_S;
  const about = isSampled ? nodeText(node) : "only agents; no run has logged there";
  return (
    <Section
      title={node.host}
      note={
        <>
          {about} · <span class={isCurrent ? "" : "warn-text"}>last seen {ago(node.seen, now)}</span>
        </>
      }
      aside={
        isSampled && (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={`${isOpen ? "Hide" : "Show"} load of ${node.host}`}
            onClick={() => onOpen(!isOpen)}
          >
            {isOpen ? "Hide" : "Show"} load
          </button>
        )
      }
    >
      {isCurrent && isSampled && <Load status={status} />}
      {isCurrent && node.devices.length > 0 && <GpuTable status={status} now={now} />}
      <OtherRuns status={status} now={now} isCurrent={isCurrent} />
      {agents.length > 0 && (
        <>
          <h3 class="node-part">Agents</h3>
          <AgentTable agents={agents} now={now} />
        </>
      )}
      {isOpen && isSampled && <NodeCharts node={node.id} from={from} to={Math.max(node.seen, from + 60)} />}
    </Section>
  );
}

/** The runs that the table of GPUs does not show. */
function OtherRuns({ status, now, isCurrent }: { status: NodeStatus; now: number; isCurrent: boolean }) {
  const { node, runs, agents } = status;
  const withoutGpu = runs.filter((run) => !placesOfRun(run, node.devices).length);
  if (!withoutGpu.length) return null;
  return (
    <>
      <h3 class="node-part">{isCurrent ? "Runs without a GPU" : "Runs without a known end"}</h3>
      {(isCurrent ? withoutGpu : runs).map((run) => (
        <RunLine key={run.id} run={run} trials={agents} now={now} />
      ))}
    </>
  );
}

/** The load of the whole machine now. */
function Load({ status: { node, values } }: { status: NodeStatus }) {
  const { "cpu.percent": cpu, "memory.used_bytes": memory, "disk.percent": disk } = values;
  return (
    <div class="load">
      {cpu !== undefined && <Meter share={cpu / 100} text={`CPU ${number(cpu, 3)} %`} name={`CPU of ${node.host}`} />}
      {memory !== undefined && (
        <Meter
          share={memory / node.memory_bytes}
          text={`memory ${bytes(memory)} of ${bytes(node.memory_bytes)}`}
          name={`Memory of ${node.host}`}
        />
      )}
      {disk !== undefined && (
        <Meter share={disk / 100} text={`disk ${number(disk, 3)} % full`} name={`Disk of ${node.host}`} />
      )}
    </div>
  );
}
