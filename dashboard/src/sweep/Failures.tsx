/** The trials that failed, by the last line of their errors. */

import type { Trial } from "../api/types";
import { Section } from "../base/Section";
import { State } from "../base/State";

/** How many trials of one cause are listed. */
const MOST_LISTED = 12;

export function Failures({ trials, onSelect }: { trials: Trial[]; onSelect: (id: string) => void }) {
  const failed = trials.filter((trial) => trial.state === "failed" || trial.state === "lost");
  if (!failed.length) return null;
  return (
    <Section title="Failures" note={`${failed.length}`}>
      <ul class="plain">
        {[...Map.groupBy(failed, causeOf)].map(([cause, members]) => (
          <li key={cause}>
            <State state={members[0]?.state ?? "failed"} /> <code class="clip">{cause}</code>{" "}
            {members.slice(0, MOST_LISTED).map((trial) => (
              <button type="button" class="quiet small" key={trial.id} onClick={() => onSelect(trial.id)}>
                trial {trial.number}
              </button>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function causeOf(trial: Trial): string {
  return trial.reason || trial.stderr_tail.trim().split("\n").pop() || trial.state;
}
