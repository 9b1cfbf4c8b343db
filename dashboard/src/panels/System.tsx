/** The load of a run: its processes, and its node while it ran, with CPU, memory, disk, network and every GPU. */

import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths, processOwner } from "../api/routes";
import type { Run } from "../api/types";
import { Section } from "../base/Section";
import { parseKey } from "../charts/quantity";
import { SystemCharts } from "../charts/SystemChart";
import { placesOf } from "./gpus";
import { NodeCharts } from "./NodeCharts";
import { AROUND_S, nodeText, runSamples } from "./systemSamples";

/** How often samples are read: they arrive without an event, the last ones a while after the run's end. */
export const SAMPLE_MS = 5000;
export const LATE_S = 60;

export function System({ run }: { run: Run }) {
  const now = useNow();
  const isGrowing = run.ended === null || now - run.ended < LATE_S;
  const { value: keys = [], isLoading } = useData(paths.keys(processOwner(run.id)), isGrowing ? SAMPLE_MS : 0);
  const { value: nodes } = useData(paths.nodes());
  const node = nodes?.find((one) => one.id === run.node);
  const signature = keys.map((info) => `${info.key} ${info.count}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `signature` stands for what is used of the keys and the run
  const samples = useMemo(() => runSamples(run, keys), [signature]);
  const used = [...new Set(keys.flatMap(({ key }) => parseKey(key).gpu ?? []))].sort();
  const own = used.length ? used : placesOf(run.gpus, node?.devices ?? []);
  const to = run.ended === null ? null : run.ended + AROUND_S;
  const from = run.created - AROUND_S;
  return (
    <>
      <Section
        title="This run's processes"
        note="the process that logs and its child processes, such as data-loader workers"
        kind="bare"
      >
        {!isLoading && !keys.length && (
          <p class="empty">There are no samples: the run was short, or it started only a few seconds ago.</p>
        )}
        <SystemCharts samples={samples} of="process" from={from} to={to} />
      </Section>
      <Section title={`The whole node ${run.host}`} note={node && nodeText(node)} kind="bare">
        <NodeCharts node={run.node} from={from} to={to} own={own} />
      </Section>
    </>
  );
}
