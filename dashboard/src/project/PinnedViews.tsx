/** The pinned views of a project: names that lead to addresses of the dashboard. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { changePage, withoutView } from "../api/projectEdits";
import type { ProjectPage } from "../api/types";
import { Failure } from "../base/Failure";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import "./PinnedViews.css";

export function PinnedViews({ page }: { page: ProjectPage }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const unpin = (name: string) => {
    setError("");
    changePage(page.name, withoutView(name)).then(refreshAll, (refusal) => setError(errorText(refusal)));
  };
  if (!page.views.length) return null;
  return (
    <Section title="Pinned views" kind="bare">
      <Failure error={error} />
      <ul class="pinned-views">
        {page.views.map(({ name, address }) => (
          <li key={name}>
            <a href={address} title={address}>
              {name}
            </a>
            {canEdit && (
              <button type="button" class="chip-end" aria-label={`Unpin ${name}`} onClick={() => unpin(name)}>
                ✕
              </button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
