/** What a run took and what its node did meanwhile: its processes; then CPU, memory, disk, network, every GPU. */

import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths, processOwner } from "../api/routes";
import type { Node, Run, SeriesInfo } from "../api/types";
import { bytes } from "../base/format";
import { gpusText, placesOf } from "../base/gpus";
import { Failure, Section } from "../base/Page";
import { PROCESS_GPU_KEYS, PROCESS_KEYS, parseKey } from "../charts/quantity";
import { type Sample, SystemCharts } from "../charts/SystemChart";

/** So much before and after a run is shown too: a short one may lie between two samples. */
const AROUND_S = 30;
/** Samples come without news of the run; the last ones a while after its end. */
const EVERY_MS = 5000;
const LATE_S = 60;
const NONE: string[] = [];

export function System({ run }: { run: Run }) {
  const now = useNow();
  const isGrowing = run.ended === null || now - run.ended < LATE_S;
  const { value: keys } = useData(paths.keys(processOwner(run.id)), isGrowing ? EVERY_MS : 0);
  const { value: nodes } = useData(paths.nodes());
  const node = nodes?.find((one) => one.id === run.node);
  const signature = keys?.map((info) => `${info.key} ${info.count}`).join();
  const samples = useMemo(() => (keys ?? []).map((info) => sampleOf(run, info)), [signature]);
  const used = [...new Set((keys ?? []).flatMap(({ key }) => parseKey(key).gpu ?? []))].sort();
  const own = used.length ? used : placesOf(run.gpus, node?.devices ?? []);
  const to = run.ended === null ? null : run.ended + AROUND_S;
  const from = run.created - AROUND_S;
  return (
    <>
      <Section
        title="This run's processes"
        note="the process that logs, with all that it has started, such as data-loader workers"
        kind="bare"
      >
        {keys?.length === 0 && (
          <p class="empty">Nothing was sampled of them: the run was short, or is no older than a few seconds.</p>
        )}
        <SystemCharts samples={samples} of="process" from={from} to={to} />
      </Section>
      <Section title={`The whole node ${run.host}`} note={node && nodeText(node)} kind="bare">
        <NodeCharts node={run.node} from={from} to={to} own={own} />
      </Section>
    </>
  );
}

function sampleOf(run: Run, { key, count }: SeriesInfo): Sample {
  const { rank, gpu } = parseKey(key);
  const words = [rank !== null ? `rank ${rank}` : "", gpu !== null ? `GPU ${gpu}` : ""].filter(Boolean);
  return {
    owner: processOwner(run.id),
    key,
    stamp: String(count),
    label: words.join(", ") || (run.mode === "grouped" ? `rank ${run.rank}` : "this run"),
  };
}

export function nodeText(node: Node): string {
  return `${node.cpu_count} CPUs · ${bytes(node.memory_bytes)} · ${gpusText(node.devices)}`;
}

/** `own`: the GPUs that are marked, by their place on the node. */
export function NodeCharts({
  node,
  from,
  to,
  own = NONE,
}: {
  node: string;
  from: number;
  to: number | null;
  own?: string[];
}) {
  const { value: keys, error } = useData(node ? paths.keys(node) : null);
  const signature = keys?.map((info) => `${info.key} ${info.count}`).join();
  const samples = useMemo(() => {
    return (keys ?? []).map(({ key, count }): Sample => {
      const { gpu } = parseKey(key);
      const isOwn = gpu !== null && own.includes(gpu);
      const label = gpu === null ? key : `GPU ${gpu}${isOwn ? ", this run's" : ""}`;
      return { owner: node, key, stamp: String(count), label, isOwn: gpu !== null && own.length ? isOwn : undefined };
    });
  }, [signature, own.join()]);
  if (error) return <Failure error={error} />;
  if (keys?.length === 0) return <p class="empty">Nothing was sampled on this node.</p>;
  return (
    <SystemCharts
      samples={samples}
      of="node"
      from={from}
      to={to}
      note={own.length ? `this run's: GPU ${own.join(", ")}` : ""}
    />
  );
}

/** The processes of all ranks of a group, one line a rank. */
export function GroupSystem({ runs, began, ended }: { runs: Run[]; began: number; ended: number | null }) {
  const now = useNow();
  const { value: nodes } = useData(paths.nodes());
  const isGrowing = ended === null || now - ended < LATE_S;
  const stamp = isGrowing ? String(Math.floor((now * 1000) / EVERY_MS)) : "whole";
  const samples = useMemo(() => {
    const devices = new Map(nodes?.map((node) => [node.id, node.devices]));
    return runs.flatMap((run, color): Sample[] => {
      const ranks = run.mode === "shared" ? Array.from({ length: run.world_size }, (_, rank) => `rank.${rank}.`) : [""];
      const onGpus = (devices.get(run.node) ?? []).flatMap(({ place }) =>
        PROCESS_GPU_KEYS.map((name) => `gpu.${place}.${name}`),
      );
      return ranks.flatMap((before, rank) =>
        [...onGpus, ...PROCESS_KEYS].map((name): Sample => {
          const { gpu } = parseKey(name);
          const told = `${before ? `rank ${rank}` : `rank ${run.rank}`}${gpu === null ? "" : `, GPU ${gpu}`}`;
          return { owner: processOwner(run.id), key: before + name, stamp, label: told, color: color + rank };
        }),
      );
    });
  }, [runs, nodes, stamp]);
  return (
    <Section
      title="What each rank's processes took"
      note="with all that they have started, such as data-loader workers"
      kind="bare"
    >
      <SystemCharts
        samples={samples}
        of="process"
        from={began - AROUND_S}
        to={ended === null ? null : ended + AROUND_S}
      />
    </Section>
  );
}
