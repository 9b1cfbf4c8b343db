/** Moves the selected runs to the archive or the trash, or back, and offers to undo it. */

import { useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { RunAction, RunChoice, RunsChanged } from "../api/types";
import { moved, OFFERED, together, UNDO, wholeGroups } from "./moving";
import { choiceOf } from "./selection";
import type { RunsView } from "./useRunsView";
import { MOST_SELECTED, useSelectedRows } from "./useSelectedRows";

interface Props {
  view: RunsView;
  onMoved: (done: Moved) => void;
}

/** What was done to which runs. */
export interface Moved {
  action: RunAction;
  choice: RunChoice;
  text: string;
}

export function MoveSelected({ view, onMoved }: Props) {
  const { selection, query, isFolded, shown } = view;
  const [error, setError] = useState("");
  const rows = useSelectedRows(view, ["group", "project"]);
  const isTooMany = isFolded && rows?.length === MOST_SELECTED; // folded, each group is moved on its own
  async function move(action: RunAction): Promise<void> {
    const answers: RunsChanged[] = [];
    let refused = "";
    try {
      const choices = isFolded ? wholeGroups(rows ?? []) : [choiceOf(selection, query, shown)];
      for (const choice of choices) answers.push(await actions.changeRuns(choice, action));
    } catch (refusal) {
      refused = errorText(refusal);
    }
    const done = together(answers);
    const text = [moved(action, done), refused].filter(Boolean).join("; ");
    if (answers.length) onMoved({ action, choice: { ids: done.runs }, text });
    else setError(refused);
    refreshAll();
  }
  return (
    <>
      {OFFERED[shown].map(([action, name]) => (
        <button
          key={action}
          type="button"
          class="small"
          disabled={!rows || isTooMany}
          onClick={() => void move(action)}
        >
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
