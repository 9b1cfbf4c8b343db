/** What the project shows to everybody who has not chosen something else: its metric and the columns of its runs table. */

import { useMemo, useState } from "preact/hooks";
import { errorText } from "../api/client";
import { useData } from "../api/data";
import { refreshAll } from "../api/live";
import { changePage, type PageChange } from "../api/projectEdits";
import { paths } from "../api/routes";
import type { ProjectPage } from "../api/types";
import { Failure } from "../base/Failure";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import { keysOf, SPARK } from "../tables/columns";
import "./Defaults.css";

const SAMPLE = 60;
const METRIC = "summary.";

export function Defaults({ page }: { page: ProjectPage }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const change = (next: PageChange) => {
    setError("");
    changePage(page.name, next).then(refreshAll, (refusal) => setError(errorText(refusal)));
  };
  if (!canEdit && !page.metric && !page.columns.length) return null;
  return (
    <Section title="Defaults" note="for everybody who has not chosen something else">
      <dl class="defaults">
        <dt>Metric</dt>
        <dd>
          {canEdit ? (
            <MetricChoice page={page} onChange={(metric) => change(() => ({ metric }))} />
          ) : (
            page.metric || <span class="soft">none</span>
          )}
        </dd>
        <dt>Columns of the runs table</dt>
        <dd>
          {page.columns.length ? (
            page.columns.map((column) => column.replace(SPARK, "")).join(", ")
          ) : (
            <span class="soft">
              the usual ones; <a href={`/runs?project=${encodeURIComponent(page.name)}`}>choose others</a> under
              “Columns” of the runs table
            </span>
          )}
          {canEdit && page.columns.length > 0 && (
            <button type="button" class="small" onClick={() => change(() => ({ columns: [] }))}>
              Use the usual ones
            </button>
          )}
        </dd>
      </dl>
      <Failure error={error} />
    </Section>
  );
}

function MetricChoice({ page, onChange }: { page: ProjectPage; onChange: (metric: string) => void }) {
  const sample = useData(paths.runs({ project: page.name, limit: SAMPLE })).value?.runs;
  const known = useMemo(
    () =>
      keysOf((sample ?? []).map(({ summary }) => ({ summary, config: {} })))
        .filter((key) => key.startsWith(METRIC))
        .map((key) => key.slice(METRIC.length)),
    [sample],
  );
  const choices = page.metric && !known.includes(page.metric) ? [page.metric, ...known] : known;
  return (
    <select aria-label="Metric" value={page.metric} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">none</option>
      {choices.map((metric) => (
        <option key={metric} value={metric}>
          {metric}
        </option>
      ))}
    </select>
  );
}
