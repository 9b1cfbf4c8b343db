/** The titles and units of system metrics, by the service's keys. Pure functions. */

import { bytes, number } from "../base/format";

/** The parts of a key: `rank.1.gpu.0.power_w` is the power of GPU 0 at rank 1. */
export interface Sampled {
  rank: string | null;
  gpu: string | null;
  quantity: string;
}

interface Quantity {
  title: string;
  unit: (value: number) => string;
  range?: [number, number];
}

const KEY = /^(?:rank\.(\d+)\.)?(?:gpu\.([\d:]+)\.)?(.+)$/;
const percent = (share: number) => `${number(share, 3)} %`;
const size = (count: number) => bytes(count, 4);
const speed = (count: number) => `${bytes(count, 3)}/s`;
const plain = (count: number) => number(count);
const WHOLE: [number, number] = [0, 100];

const GPU: Record<string, Quantity> = {
  utilization_percent: { title: "GPU utilization", unit: percent, range: WHOLE },
  memory_used_bytes: { title: "GPU memory", unit: size },
  memory_percent: { title: "GPU memory, share in use", unit: percent, range: WHOLE },
  power_w: { title: "GPU power", unit: (watts) => `${number(watts, 4)} W` },
  temperature_c: { title: "GPU temperature", unit: (degrees) => `${number(degrees, 3)} °C` },
  sm_clock_mhz: { title: "GPU clock", unit: (clock) => `${number(clock)} MHz` },
  memory_clock_mhz: { title: "GPU memory clock", unit: (clock) => `${number(clock)} MHz` },
};

const NODE: Record<string, Quantity> = {
  "cpu.percent": { title: "CPU, of all cores", unit: percent, range: WHOLE },
  "memory.used_bytes": { title: "Memory in use", unit: size },
  "memory.percent": { title: "Memory, share in use", unit: percent, range: WHOLE },
  "network.received_bytes_per_s": { title: "Network, received", unit: speed },
  "network.sent_bytes_per_s": { title: "Network, sent", unit: speed },
  "disk.read_bytes_per_s": { title: "Disk, read", unit: speed },
  "disk.written_bytes_per_s": { title: "Disk, written", unit: speed },
  "disk.used_bytes": { title: "Disk, in use", unit: size },
  "disk.percent": { title: "Disk, share in use", unit: percent, range: WHOLE },
};

/** The quantities of processes, in the order of their charts. */
const PROCESS: Record<string, Quantity> = {
  "cpu.percent": { title: "CPU (100 % is one core)", unit: percent },
  "memory.rss_bytes": { title: "Memory (resident)", unit: size },
  threads: { title: "Threads", unit: plain },
  children: { title: "Child processes", unit: plain },
  "disk.read_bytes_per_s": { title: "Disk, read", unit: speed },
  "disk.written_bytes_per_s": { title: "Disk, written", unit: speed },
};

export const PROCESS_KEYS = Object.keys(PROCESS);
export const PROCESS_GPU_KEYS = ["utilization_percent", "memory_used_bytes"];
const ORDER = { node: [...Object.keys(GPU), ...Object.keys(NODE)], process: [...PROCESS_GPU_KEYS, ...PROCESS_KEYS] };

export type Sampling = keyof typeof ORDER;

export function parseKey(key: string): Sampled {
  const [, rank = null, gpu = null, quantity = key] = KEY.exec(key) ?? [];
  return { rank, gpu, quantity };
}

/** Returns the title, unit and range of a quantity. One that the page does not know gets a title from its name. */
export function describe({ gpu, quantity }: Sampled, of: Sampling): Quantity {
  const known = (gpu !== null ? GPU : of === "node" ? NODE : PROCESS)[quantity];
  return known ?? { title: `${gpu !== null ? "GPU " : ""}${quantity.replace(/[._]/g, " ")}`, unit: plain };
}

/** Returns the place of a quantity among the others. */
export function rankOf({ quantity }: Sampled, of: Sampling): number {
  const at = ORDER[of].indexOf(quantity);
  return at < 0 ? ORDER[of].length : at;
}
