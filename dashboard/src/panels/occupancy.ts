/** Who is on which GPU, and which are idle: pure functions of what the server tells of a node. */

import type { NodeAgent, NodeGpu, NodeRun, NodeStatus } from "../api/types";
import { placesOf } from "../base/gpus";
import { parseKey } from "../charts/quantity";

/** A node that was not heard of for so long tells nothing of now. */
export const QUIET_S = 60;
/** Less memory than this is what a driver or a desktop takes. */
const NOTABLE_BYTES = 1e9;
const NOTABLE_PERCENT = 5;

export type GpuState = "used" | "reserved" | "foreign" | "idle" | "unknown";

export interface GpuNow extends NodeGpu {
  state: GpuState;
  values: Record<string, number>;
  runs: NodeRun[];
  agents: NodeAgent[];
}

export function isQuiet({ node }: NodeStatus, now: number): boolean {
  return now - node.seen > QUIET_S;
}

/** Returns the node's GPUs: by whom they are used, or kept for trials; else whether something that we do not know is on them. */
export function gpusNow(status: NodeStatus): GpuNow[] {
  const { devices } = status.node;
  const onRun = status.runs.map((run) => ({ run, places: placesOfRun(run, devices) }));
  const ofAgent = status.agents.map((agent) => ({ agent, places: placesOf(agent.agent.gpus, devices) }));
  return devices.map((device) => {
    const values = valuesOf(status.values, device.place);
    const runs = onRun.filter(({ places }) => places.includes(device.place)).map(({ run }) => run);
    const agents = ofAgent.filter(({ places }) => places.includes(device.place)).map(({ agent }) => agent);
    return { ...device, values, runs, agents, state: stateOf(values, runs, agents) };
  });
}

/** Returns where a run's processes are; those that it was given, where nobody has seen it on any. */
export function placesOfRun(run: NodeRun, devices: NodeGpu[]): string[] {
  const seen = Object.keys(run.values).flatMap((key) => parseKey(key).gpu ?? []);
  return seen.length ? [...new Set(seen)] : placesOf(run.gpus, devices);
}

/** Returns the sum over a run's ranks of one quantity, of one GPU or of no GPU; null where it is not known. */
export function usageOf(run: NodeRun, quantity: string, gpu: string | null = null): number | null {
  const found = Object.entries(run.values).filter(([key]) => {
    const sampled = parseKey(key);
    return sampled.quantity === quantity && sampled.gpu === gpu;
  });
  return found.length ? found.reduce((sum, [, value]) => sum + value, 0) : null;
}

function valuesOf(values: Record<string, number>, place: string): Record<string, number> {
  const before = `gpu.${place}.`;
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      key.startsWith(before) ? [[key.slice(before.length), value]] : [],
    ),
  );
}

function stateOf(values: Record<string, number>, runs: NodeRun[], agents: NodeAgent[]): GpuState {
  if (runs.length || agents.some(({ agent }) => agent.trial)) return "used";
  const { memory_used_bytes: held, utilization_percent: use } = values;
  if ((held ?? 0) >= NOTABLE_BYTES || (use ?? 0) >= NOTABLE_PERCENT) return "foreign";
  if (agents.length) return "reserved";
  return held === undefined && use === undefined ? "unknown" : "idle";
}
