/** Pins the selected runs to the pages of their projects. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { changePage, withRuns } from "../api/projectEdits";
import { text } from "./rowValues";
import type { RunsView } from "./useRunsView";
import { useSelectedRows } from "./useSelectedRows";

/** A page of a project has no more. */
const MOST_PINNED = 100;

export function PinSelected({ view, onDone }: { view: RunsView; onDone: () => void }) {
  const [error, setError] = useState("");
  const rows = useSelectedRows(view, ["project"]);
  async function pin(): Promise<void> {
    setError("");
    try {
      for (const [project, members] of Map.groupBy(rows ?? [], (row) => text(row["project"])))
        await changePage(project, withRuns(members.map((row) => row.id)));
      onDone();
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  return (
    <>
      <button
        type="button"
        class="small"
        disabled={!rows || rows.length > MOST_PINNED}
        title="Show on the page of the project"
        onClick={() => void pin()}
      >
        Pin
      </button>
      {error && <span class="failure">{error}</span>}
    </>
  );
}
