/** How the ranks of a group ended: which one first, and for which reasons. */

import type { Run } from "../api/types";
import { clock } from "../base/format";
import { Section } from "../base/Section";
import { State } from "../base/State";
import "./GroupEnds.css";

const FAILED = new Set(["failed", "killed"]);

/** The rank that failed first. The others mostly end because of it. */
export function FirstEnd({ runs }: { runs: Run[] }) {
  const [first, ...others] = inOrderOfEnd(runs).filter((run) => FAILED.has(run.state));
  if (!first) return null;
  return (
    <p class="failure">
      {others.length > 0 ? "First to end: " : ""}
      <a href={`/runs/${first.id}?view=Console`}>rank {first.rank}</a> on {first.host}
      {first.reason ? `: ${first.reason}` : `, ${first.state}`}
    </p>
  );
}

/** The ends that have a reason, in the order of time. Ranks with the same reason share a line. */
export function EndsByReason({ runs }: { runs: Run[] }) {
  const ends = inOrderOfEnd(runs).filter((run) => run.reason);
  if (!ends.length) return null;
  return (
    <Section title="How they ended" note="by time; ranks with the same reason share a line">
      <ul class="plain">
        {[...Map.groupBy(ends, (run) => `${run.state}\n${run.reason}`)].map(([key, members]) => (
          <End key={key} members={members} />
        ))}
      </ul>
    </Section>
  );
}

function End({ members }: { members: Run[] }) {
  const [first] = members;
  if (!first) return null;
  return (
    <li class="end">
      <State state={first.state} />
      <span>
        {[...members]
          .sort((a, b) => a.rank - b.rank)
          .map((run) => (
            <a key={run.id} href={`/runs/${run.id}?view=Console`}>
              rank {run.rank}
            </a>
          ))}
      </span>
      <span>{first.reason}</span>
      <span class="soft">{clock(first.ended ?? 0)}</span>
    </li>
  );
}

/** Returns the runs that have ended, the first one first; of the same moment, killed before failed. */
export function inOrderOfEnd(runs: Run[]): Run[] {
  const isKilled = (run: Run) => Number(run.state === "killed");
  return runs
    .filter((run) => run.ended !== null)
    .sort((a, b) => (a.ended ?? 0) - (b.ended ?? 0) || isKilled(b) - isKilled(a));
}
