/** The reports of a project, and a field that begins a new one. */

import { useState } from "preact/hooks";
import type { ProjectPage } from "../api/types";
import { projectPath } from "../base/names";
import { useCanEdit } from "../base/permissions";
import { navigate } from "../base/router";
import { Section } from "../base/Section";
import "./PinnedViews.css";

const MOST_CHARACTERS = 200;

export function Reports({ page }: { page: ProjectPage }) {
  const canEdit = useCanEdit();
  const [name, setName] = useState("");
  const address = (report: string) => `${projectPath(page.name)}/reports/${encodeURIComponent(report)}`;
  if (!page.reports.length && !canEdit) return null;
  return (
    <Section
      title="Reports"
      kind="bare"
      aside={
        canEdit && (
          <form
            class="inline"
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim()) navigate(address(name.trim()));
            }}
          >
            <input
              aria-label="Name of a new report"
              placeholder="Name of a new report"
              maxLength={MOST_CHARACTERS}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <button type="submit" disabled={!name.trim()}>
              New report
            </button>
          </form>
        )
      }
    >
      <ul class="pinned-views">
        {page.reports.map((report) => (
          <li key={report.name}>
            <a href={address(report.name)}>{report.name}</a>
          </li>
        ))}
      </ul>
    </Section>
  );
}
