/** Gives a run, or all runs of a group, another name. */

import { useState } from "preact/hooks";
import { actions } from "../api/client";
import type { RunChoice } from "../api/types";
import { EditDialog } from "./EditDialog";

const MOST_CHARACTERS = 500;

interface Props {
  /** What is renamed, for the dialog's title: `run` or `group`. */
  kind: string;
  name: string;
  choice: RunChoice;
}

export function RenameDialog({ kind, name, choice }: Props) {
  const [typed, setTyped] = useState("");
  return (
    <EditDialog
      name="Rename"
      title={`Rename the ${kind}`}
      action="Rename"
      onOpen={() => setTyped(name)}
      work={() => actions.renameRuns(choice, typed)}
    >
      <label class="field">
        <span>Name</span>
        <input
          name="name"
          required
          maxLength={MOST_CHARACTERS}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
    </EditDialog>
  );
}
