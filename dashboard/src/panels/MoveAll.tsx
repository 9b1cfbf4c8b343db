/** Moves all runs of a page to the archive or the trash, and offers to undo it. */

import { useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { RunAction, RunChoice } from "../api/types";
import { type Moved, UndoMove } from "../tables/MoveSelected";
import { moved, OFFERED } from "../tables/moving";

export function MoveAll({ choice }: { choice: RunChoice }) {
  const [done, setDone] = useState<Moved | null>(null);
  const [error, setError] = useState("");
  async function move(action: RunAction): Promise<void> {
    setError("");
    try {
      const answer = await actions.changeRuns(choice, action);
      setDone({ action, choice: { ids: answer.runs }, text: moved(action, answer) });
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  if (done) return <UndoMove done={done} onClose={() => setDone(null)} />;
  return (
    <>
      {OFFERED.active.map(([action, name]) => (
        <button key={action} type="button" onClick={() => void move(action)}>
          {name}
        </button>
      ))}
      {error && <span class="failure">{error}</span>}
    </>
  );
}
