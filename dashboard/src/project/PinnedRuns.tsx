/** The pinned runs of a project, in the order in which they were pinned. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { useData, useNow } from "../api/data";
import { refreshAll } from "../api/live";
import { changePage, withRunToggled } from "../api/projectEdits";
import { paths } from "../api/routes";
import type { ProjectPage } from "../api/types";
import { Failure } from "../base/Failure";
import { quoted } from "../base/filter";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import { GROUP_ROW_COLUMNS, GroupRow } from "../panels/GroupRow";
import { text } from "../tables/rowValues";

export function PinnedRuns({ page }: { page: ProjectPage }) {
  const now = useNow();
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const wanted = {
    ...{ project: null, filter: `id in (${page.runs.map(quoted).join(", ")}) and deleted = null`, sort: [] },
    ...{ columns: GROUP_ROW_COLUMNS, limit: page.runs.length, offset: 0, shown: "all" as const },
  };
  const found = useData(page.runs.length ? paths.table(wanted) : null);
  const rows = page.runs.flatMap((id) => found.value?.rows.find((row) => row.id === id) ?? []);
  const unpin = (id: string) => {
    setError("");
    changePage(page.name, withRunToggled(id)).then(refreshAll, (refusal) => setError(errorText(refusal)));
  };
  if (!rows.length) return null;
  return (
    <Section
      title="Pinned runs"
      kind="bare"
      aside={<a href={`/runs?runs=${rows.map((row) => row.id).join(",")}&view=Charts`}>Compare {rows.length}</a>}
    >
      <Failure error={error || found.error} />
      <ul class="rows">
        {rows.map((run) => (
          <GroupRow
            key={run.id}
            run={run}
            now={now}
            metric={page.metric}
            isInProject
            end={
              canEdit && (
                <button
                  type="button"
                  class="chip-end"
                  aria-label={`Unpin ${text(run["name"])}`}
                  onClick={() => unpin(run.id)}
                >
                  ✕
                </button>
              )
            }
          />
        ))}
      </ul>
    </Section>
  );
}
