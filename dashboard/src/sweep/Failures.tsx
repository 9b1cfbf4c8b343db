/** The trials that failed, by their errors. */

import { useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { Trial } from "../api/types";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import { State } from "../base/State";

interface Props {
  sweep: string;
  trials: Trial[];
  onSelect: (id: string) => void;
}

/** How many trials of one cause are listed. */
const MOST_LISTED = 12;

export function Failures({ sweep, trials, onSelect }: Props) {
  const failed = trials.filter((trial) => trial.state === "failed" || trial.state === "lost");
  if (!failed.length) return null;
  return (
    <Section title="Failures" note={`${failed.length}`} aside={<RetryButton sweep={sweep} />}>
      <ul class="plain">
        {[...Map.groupBy(failed, causeOf)].map(([cause, members]) => (
          <Cause key={cause} {...{ cause, members, onSelect }} />
        ))}
      </ul>
    </Section>
  );
}

function Cause({ cause, members, onSelect }: { cause: string; members: Trial[] } & Pick<Props, "onSelect">) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? members : members.slice(0, MOST_LISTED);
  return (
    <li>
      <State state={members[0]?.state ?? "failed"} /> <code class="clip">{cause}</code>{" "}
      {shown.map((trial) => (
        <button type="button" class="quiet small" key={trial.id} onClick={() => onSelect(trial.id)}>
          trial {trial.number}
        </button>
      ))}
      {shown.length < members.length && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          {members.length - shown.length} more
        </button>
      )}
    </li>
  );
}

/** Runs all failed trials again. */
function RetryButton({ sweep }: { sweep: string }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const retry = () => actions.retryFailed(sweep).then(refreshAll, (refusal) => setError(errorText(refusal)));
  if (!canEdit) return null;
  return (
    <>
      <button type="button" onClick={() => void retry()}>
        Run all again
      </button>
      {error && <span class="failure">{error}</span>}
    </>
  );
}

function causeOf(trial: Trial): string {
  return trial.error || trial.reason || trial.state;
}
