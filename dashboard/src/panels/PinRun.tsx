/** Pins a run to the page of its project, or takes the pin away. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { useData } from "../api/data";
import { refreshAll } from "../api/live";
import { changePage, withRunToggled } from "../api/projectEdits";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { Failure } from "../base/Failure";
import { useCanEdit } from "../base/permissions";

export function PinRun({ run }: { run: Run }) {
  const page = useData(paths.project(run.project)).value;
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  if (!canEdit || !page) return null;
  function toggle(): void {
    setError("");
    changePage(run.project, withRunToggled(run.id)).then(refreshAll, (refusal) => setError(errorText(refusal)));
  }
  const isPinned = page.runs.includes(run.id);
  return (
    <>
      <Failure error={error} />
      <button type="button" aria-pressed={isPinned} title={`On the page of ${run.project}`} onClick={toggle}>
        {isPinned ? "Unpin" : "Pin"}
      </button>
    </>
  );
}
