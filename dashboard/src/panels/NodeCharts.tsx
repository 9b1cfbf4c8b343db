/** Charts of the load of a node. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { Failure } from "../base/Failure";
import { SystemCharts } from "../charts/SystemChart";
import { nodeSamples } from "./systemSamples";

const NONE: string[] = [];

interface Props {
  node: string;
  from: number;
  to: number | null;
  /** The GPUs that are marked, by their place on the node. */
  own?: string[];
}

export function NodeCharts({ node, from, to, own = NONE }: Props) {
  const { value: keys = [], error, isLoading } = useData(node ? paths.keys(node) : null);
  const signature = [...keys.map((info) => `${info.key} ${info.count}`), ...own].join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `signature` stands for what is used of the keys
  const samples = useMemo(() => nodeSamples(node, keys, own), [node, signature]);
  if (error) return <Failure error={error} />;
  if (!isLoading && !keys.length) return <p class="empty">There are no samples of this node.</p>;
  const note = own.length ? `this run's: GPU ${own.join(", ")}` : "";
  return <SystemCharts samples={samples} of="node" from={from} to={to} note={note} />;
}
