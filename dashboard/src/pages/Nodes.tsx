/** The page of machines: what runs on which GPU, and the agents. */

import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { NodeStatus } from "../api/types";
import { Failure } from "../base/Failure";
import { Page, useTitle } from "../base/Page";
import { useParam } from "../base/router";
import { Fact } from "../base/Section";
import { NodeSection } from "../panels/NodeSection";
import { type GpuState, gpusNow, isQuiet } from "../panels/occupancy";

const EVERY_MS = 10_000;
/** The value of `node` in the address if no machine's load is shown. */
const NONE = "-";
const GPU_STATES: [GpuState, string][] = [
  ["used", "used by runs"],
  ["foreign", "used by others"],
  ["reserved", "reserved for trials"],
  ["idle", "idle"],
  ["unknown", "unknown"],
];

export function NodesPage() {
  const { value: nodes = [], error, isLoading } = useData(paths.nodesNow(), EVERY_MS);
  const now = useNow(2000);
  const [shown, setShown] = useParam("node");
  useTitle("Agents and nodes");
  const live = nodes.filter((status) => !isQuiet(status, now));
  const quiet = nodes.filter((status) => isQuiet(status, now));
  return (
    <Page title="Agents & nodes" facts={nodes.length > 0 && <Facts live={live} quiet={quiet} />}>
      <Failure error={error} />
      {!isLoading && !error && !nodes.length && <p class="empty">No machine has logged anything yet.</p>}
      {[...live, ...quiet].map((status) => {
        const { id } = status.node;
        const isOpen = shown === id || (shown === "" && nodes.length === 1);
        const open = (wanted: boolean) => setShown(wanted ? id : NONE);
        return <NodeSection key={id} status={status} now={now} isOpen={isOpen} onOpen={open} />;
      })}
    </Page>
  );
}

function Facts({ live, quiet }: { live: NodeStatus[]; quiet: NodeStatus[] }) {
  const gpus = live.flatMap(gpusNow);
  const counts = GPU_STATES.map(([state, word]) => [gpus.filter((gpu) => gpu.state === state).length, word] as const);
  const gpuText = counts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(", ");
  const agents = live.flatMap((status) => status.agents);
  const working = agents.filter(({ agent }) => agent.state === "working").length;
  return (
    <>
      <Fact name="nodes">
        {live.length}
        {quiet.length > 0 && `, ${quiet.length} not seen`}
      </Fact>
      <Fact name="GPUs">{gpuText || "none"}</Fact>
      <Fact name="active runs">{live.reduce((sum, { runs }) => sum + runs.length, 0)}</Fact>
      <Fact name="agents">
        {agents.length ? `${working} working, ${agents.length - working} waiting or lost` : "none"}
      </Fact>
    </>
  );
}
