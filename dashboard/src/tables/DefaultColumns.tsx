/** Makes the columns that are shown those of the project, or goes back to the project's columns. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { changePage } from "../api/projectEdits";
import { useCanEdit } from "../base/permissions";
import { pinnedFirst } from "./columns";
import type { ColumnView } from "./useColumns";

export function DefaultColumns({ project, columns }: { project: string; columns: ColumnView }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  if (!columns.isChosen) return null;
  const { shown, pinned, setShown } = columns;
  async function keep(): Promise<void> {
    setError("");
    try {
      await changePage(project, () => ({ columns: pinnedFirst(shown, pinned) }));
      setShown([]);
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  return (
    <div class="column-defaults">
      <button type="button" onClick={() => setShown([])}>
        Back to the {project ? "project's" : "usual"} columns
      </button>
      {project && canEdit && (
        <button type="button" onClick={() => void keep()}>
          Make these the project's columns
        </button>
      )}
      {error && <p class="failure">{error}</p>}
    </div>
  );
}
