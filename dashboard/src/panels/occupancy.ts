/** Which GPUs of a node are used, by which runs, and which are idle. Pure functions. */

import type { NodeAgent, NodeGpu, NodeRun, NodeStatus } from "../api/types";
import { parseKey } from "../charts/quantity";
import { placesOf } from "./gpus";

/** The last sample of a node that was not seen for this long is out of date. */
export const QUIET_S = 60;
/** A driver or a desktop uses less memory than this. */
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

/** Returns the node's GPUs with their runs and agents, and whether each one is used, reserved, idle or used by others. */
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

/** Returns the GPUs on which a run's processes were seen; those that it was given if it was not seen on any. */
export function placesOfRun(run: NodeRun, devices: NodeGpu[]): string[] {
  const seen = Object.keys(run.values).flatMap((key) => parseKey(key).gpu ?? []);
  return seen.length ? [...new Set(seen)] : placesOf(run.gpus, devices);
}

/** Returns the sum of a quantity over a run's ranks; null if it is unknown. `gpu`: the GPU's place; null: not of a GPU. */
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
