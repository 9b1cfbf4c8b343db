/** Moves the selected runs to the archive or the trash, or back, and offers to undo it. */

import { useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { useData } from "../api/data";
import { refreshAll } from "../api/live";
import { paths } from "../api/routes";
import type { RunAction, RunChoice, RunsShown } from "../api/types";
import { moved, OFFERED, UNDO, wholeGroups } from "./moving";

interface Props {
  selected: string[];
  isFolded: boolean;
  shown: RunsShown;
  onMoved: (done: Moved) => void;
}

/** What was done to which runs. */
export interface Moved {
  action: RunAction;
  choice: RunChoice;
  text: string;
}

export function MoveSelected({ selected, isFolded, shown, onMoved }: Props) {
  const [error, setError] = useState("");
  const columns = ["group", "project"];
  const filter = `id in (${selected.map((id) => `"${id}"`).join(", ")})`;
  const wanted = { project: null, filter, sort: [], columns, limit: selected.length, offset: 0, shown };
  const rows = useData(paths.table(wanted)).value?.rows;
  async function move(action: RunAction): Promise<void> {
    setError("");
    try {
      const choices = isFolded ? wholeGroups(rows ?? []) : [{ ids: selected }];
      for (const choice of choices) {
        const done = await actions.changeRuns(choice, action);
        onMoved({ action, choice: { ids: done.runs }, text: moved(action, done) });
      }
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  return (
    <>
      {OFFERED[shown].map(([action, name]) => (
        <button key={action} type="button" class="small" disabled={!rows} onClick={() => void move(action)}>
          {name}
        </button>
      ))}
      {error && <span class="failure">{error}</span>}
    </>
  );
}

/** Says what was done, and undoes it. */
export function UndoMove({ done, onClose }: { done: Moved; onClose: () => void }) {
  const [error, setError] = useState("");
  async function undo(): Promise<void> {
    try {
      await actions.changeRuns(done.choice, UNDO[done.action]);
      onClose();
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  return (
    <span class="inline" role="status">
      {done.text}
      {done.choice.ids?.length !== 0 && (
        <button type="button" class="small" onClick={() => void undo()}>
          Undo
        </button>
      )}
      <button type="button" class="small" aria-label="Hide this message" onClick={onClose}>
        ✕
      </button>
      {error && <span class="failure">{error}</span>}
    </span>
  );
}
