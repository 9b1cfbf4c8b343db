/** The latest runs of a project, one row for each group. */

import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { ProjectPage } from "../api/types";
import { Section } from "../base/Section";
import { GROUP_ROW_COLUMNS, GroupRow } from "../panels/GroupRow";

const ROWS = 6;

export function LatestRuns({ page }: { page: ProjectPage }) {
  const now = useNow();
  const latest = useData(
    paths.table({
      ...{ project: page.name, filter: "", sort: [{ column: "created", descending: true }], fold: true },
      ...{ columns: GROUP_ROW_COLUMNS, limit: ROWS, offset: 0 },
    }),
  ).value;
  if (!latest) return null;
  return (
    <Section
      title="Latest runs"
      kind="bare"
      aside={<a href={`/runs?project=${encodeURIComponent(page.name)}`}>all runs</a>}
    >
      {latest.rows.length ? (
        <ul class="rows">
          {latest.rows.map((run) => (
            <GroupRow key={run.id} run={run} now={now} metric={page.metric} isInProject />
          ))}
        </ul>
      ) : (
        <p class="empty">This project has no active runs.</p>
      )}
    </Section>
  );
}
