import { type Agent, type Node, paths, type Sweep } from "../base/api";
import { useData, useNow } from "../base/data";
import { ago, bytes, number } from "../base/format";
import { useParam } from "../base/router";
import { NodeCharts } from "../parts/System";
import { Failure, Page, Section, useTitle } from "../parts/Page";
import { State } from "../parts/State";
import { useTrials } from "../sweep/load";

const WINDOW_S = 1800;
const QUIET_S = 60;

export function NodesPage() {
  const { value: nodes, error } = useData(paths.nodes());
  const sweeps = useData(paths.sweeps()).value ?? [];
  const now = useNow(2000);
  useTitle("Agents and nodes");
  const open = sweeps.filter((sweep) => sweep.state === "running" || sweep.state === "paused" || sweep.state === "stopped");
  return (
    <Page title="Agents & nodes">
      <Failure error={error} />
      {open.length > 0 ? (
        open.map((sweep) => <SweepAgents key={sweep.id} sweep={sweep} now={now} />)
      ) : (
        <p class="soft">No sweep is running, so no agent is at work.</p>
      )}
      {nodes?.length === 0 && <p class="empty">No machine has logged yet.</p>}
      {nodes?.map((node) => <NodeSection key={node.id} node={node} now={now} />)}
    </Page>
  );
}

function SweepAgents({ sweep, now }: { sweep: Sweep; now: number }) {
  const agents = useData(paths.agents(sweep.id)).value ?? [];
  const trials = useTrials(sweep.id);
  const here = agents.filter((agent) => agent.state !== "gone");
  const trialOf = (agent: Agent) => trials.find((trial) => trial.id === agent.trial);
  return (
    <Section title={sweep.name || sweep.id} note={<a href={`/sweeps/${sweep.id}`}>sweep {sweep.id}</a>}>
      {!here.length && <p class="empty">No agent is at work on it.</p>}
      <ul class="rows">
        {here.map((agent) => (
          <li key={agent.id}>
            <State state={agent.state} />
            <b>
              {agent.host} · slot {agent.slot}
            </b>
            <span class="soft">{agent.gpus.length ? `GPU ${agent.gpus.join(", ")}` : "no GPU"} · pid {agent.pid}</span>
            <span>{trialOf(agent) ? <a href={`/sweeps/${sweep.id}?trial=${agent.trial}`}>trial {trialOf(agent)!.number}</a> : <span class="soft">waits for a trial</span>}</span>
            <span class="soft when">
              {agent.trials_done} done · heard of {ago(agent.seen, now)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function NodeSection({ node, now }: { node: Node; now: number }) {
  const [shown, setShown] = useParam("node");
  const isQuiet = now - node.seen > QUIET_S;
  const isOpen = shown === node.id || (shown === "" && !isQuiet);
  const from = Math.floor(node.seen / 60) * 60 - WINDOW_S;
  return (
    <Section
      title={node.host}
      note={`${node.cpu_count} CPUs · ${bytes(node.memory_bytes)} · ${node.gpus.length ? gpus(node.gpus) : "no GPU"} · heard of ${ago(node.seen, now)}`}
      aside={
        <button type="button" aria-expanded={isOpen} onClick={() => setShown(isOpen ? "-" : node.id)}>
          {isOpen ? "Hide" : "Show"} load
        </button>
      }
    >
      {isOpen && <NodeCharts node={node.id} from={from} to={Math.max(node.seen, from + 60)} />}
    </Section>
  );
}

function gpus(names: string[]): string {
  return [...Map.groupBy(names, (name) => name)].map(([name, same]) => `${number(same.length)} × ${name}`).join(", ");
}
