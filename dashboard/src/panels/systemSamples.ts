/** Which series describe the load of a run, of a node, and of the ranks of a group. Pure functions. */

import { processOwner } from "../api/routes";
import type { Node, Run, SeriesInfo } from "../api/types";
import { bytes } from "../base/format";
import { PROCESS_GPU_KEYS, PROCESS_KEYS, parseKey } from "../charts/quantity";
import type { Sample } from "../charts/SystemChart";
import { gpusText } from "./gpus";

/** Extra time that is shown before and after a run: a short run may lie between two samples. */
export const AROUND_S = 30;

/** Returns the series of a run's processes. */
export function runSamples(run: Run, keys: SeriesInfo[]): Sample[] {
  return keys.map(({ key, count }) => {
    const { rank, gpu } = parseKey(key);
    const words = [rank !== null ? `rank ${rank}` : "", gpu !== null ? `GPU ${gpu}` : ""].filter(Boolean);
    const label = words.join(", ") || (run.mode === "grouped" ? `rank ${run.rank}` : "this run");
    return { owner: processOwner(run.id), key, stamp: String(count), label };
  });
}

/** Returns the series of a node. `own`: the GPUs that are marked, by their place on the node. */
export function nodeSamples(node: string, keys: SeriesInfo[], own: string[]): Sample[] {
  return keys.map(({ key, count }) => {
    const { gpu } = parseKey(key);
    const isOwn = gpu !== null && own.includes(gpu);
    const label = gpu === null ? key : `GPU ${gpu}${isOwn ? ", this run's" : ""}`;
    return { owner: node, key, stamp: String(count), label, isOwn: gpu !== null && own.length ? isOwn : undefined };
  });
}

/** Returns the series of the processes of all ranks of a group, with one colour for each rank. */
export function groupSamples(runs: Run[], nodes: Node[], stamp: string): Sample[] {
  const devices = new Map(nodes.map((node) => [node.id, node.devices]));
  return runs.flatMap((run, color) => {
    const onGpus = (devices.get(run.node) ?? []).flatMap(({ place }) =>
      PROCESS_GPU_KEYS.map((name) => `gpu.${place}.${name}`),
    );
    const names = [...onGpus, ...PROCESS_KEYS];
    if (run.mode !== "shared") return rankSamples(run, names, { rank: run.rank, prefix: "", color, stamp });
    return Array.from({ length: run.world_size }, (_, rank) => rank).flatMap((rank) =>
      rankSamples(run, names, { rank, prefix: `rank.${rank}.`, color: color + rank, stamp }),
    );
  });
}

interface RankSeries {
  rank: number;
  /** What precedes the quantity in the names of a rank's series. */
  prefix: string;
  color: number;
  stamp: string;
}

function rankSamples(run: Run, names: string[], { rank, prefix, color, stamp }: RankSeries): Sample[] {
  return names.map((name) => {
    const { gpu } = parseKey(name);
    const label = `rank ${rank}${gpu === null ? "" : `, GPU ${gpu}`}`;
    return { owner: processOwner(run.id), key: prefix + name, stamp, label, color };
  });
}

export function nodeText(node: Node): string {
  return `${node.cpu_count} CPUs · ${bytes(node.memory_bytes)} · ${gpusText(node.devices)}`;
}
