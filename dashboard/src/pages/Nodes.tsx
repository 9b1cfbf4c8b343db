import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { NodeStatus } from "../api/types";
import { ago, bytes, number } from "../base/format";
import { gpusText } from "../base/gpus";
import { Fact, Failure, Page, Section, useTitle } from "../base/Page";
import { useParam } from "../base/router";
import { AgentTable } from "../panels/AgentTable";
import { GpuTable, RunLine } from "../panels/GpuTable";
import { Meter } from "../panels/Meter";
import { type GpuState, gpusNow, isQuiet, placesOfRun } from "../panels/occupancy";
import { NodeCharts } from "../panels/System";

const WINDOW_S = 1800;
const EVERY_MS = 10_000;
const GPU_WORDS: [GpuState, string][] = [
  ["used", "used by runs"],
  ["foreign", "used by others"],
  ["reserved", "kept for trials"],
  ["idle", "idle"],
  ["unknown", "not known"],
];

export function NodesPage() {
  const { value: nodes, error } = useData(paths.nodesNow(), EVERY_MS);
  const now = useNow(2000);
  const [shown, setShown] = useParam("node");
  useTitle("Agents and nodes");
  const isOpen = (there: NodeStatus) => shown === there.node.id || (shown === "" && nodes?.length === 1);
  const live = nodes?.filter((there) => !isQuiet(there, now)) ?? [];
  const quiet = nodes?.filter((there) => isQuiet(there, now)) ?? [];
  return (
    <Page title="Agents & nodes" facts={nodes && nodes.length > 0 && <Facts live={live} quiet={quiet} />}>
      <Failure error={error} />
      {nodes?.length === 0 && <p class="empty">No machine has logged yet.</p>}
      {[...live, ...quiet].map((there) => (
        <NodeSection
          key={there.node.id}
          there={there}
          now={now}
          isOpen={isOpen(there)}
          onOpen={(wanted) => setShown(wanted ? there.node.id : "-")}
        />
      ))}
    </Page>
  );
}

function Facts({ live, quiet }: { live: NodeStatus[]; quiet: NodeStatus[] }) {
  const gpus = live.flatMap(gpusNow);
  const words = GPU_WORDS.map(
    ([state, word]) => [gpus.filter((gpu) => gpu.state === state).length, word] as const,
  ).filter(([count]) => count > 0);
  const agents = live.flatMap(({ agents }) => agents);
  const working = agents.filter(({ agent }) => agent.state === "working").length;
  return (
    <>
      <Fact name="nodes">
        {live.length}
        {quiet.length > 0 && `, ${quiet.length} not heard of`}
      </Fact>
      <Fact name="GPUs">{gpus.length ? words.map(([count, word]) => `${count} ${word}`).join(", ") : "none"}</Fact>
      <Fact name="runs that go on">{live.reduce((sum, { runs }) => sum + runs.length, 0)}</Fact>
      <Fact name="agents">
        {agents.length ? `${working} at work, ${agents.length - working} waiting or lost` : "none"}
      </Fact>
    </>
  );
}

interface NodeProps {
  there: NodeStatus;
  now: number;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
}

function NodeSection({ there, now, isOpen, onOpen }: NodeProps) {
  const { node, runs, agents } = there;
  const isSampled = node.cpu_count > 0;
  const hasNews = !isQuiet(there, now);
  const offGpu = runs.filter((run) => !placesOfRun(run, node.devices).length);
  const from = Math.floor(node.seen / 60) * 60 - WINDOW_S;
  const about = isSampled
    ? `${node.cpu_count} CPUs · ${bytes(node.memory_bytes)} · ${gpusText(node.devices)} · `
    : "agents only: no run has logged there · ";
  return (
    <Section
      title={node.host}
      note={
        <>
          {about}
          <span class={hasNews ? "" : "warn-text"}>heard of {ago(node.seen, now)}</span>
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
      {hasNews && isSampled && <Load there={there} />}
      {hasNews && node.devices.length > 0 && <GpuTable there={there} now={now} />}
      {offGpu.length > 0 && (
        <>
          <h3 class="node-part">{hasNews ? "Runs without a GPU" : "Runs that were not seen to end"}</h3>
          {(hasNews ? offGpu : runs).map((run) => (
            <RunLine key={run.id} run={run} trials={agents} now={now} />
          ))}
        </>
      )}
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

/** What the machine as a whole does now. */
function Load({ there: { node, values } }: { there: NodeStatus }) {
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
