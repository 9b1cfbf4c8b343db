/** What can be done with a whole report: export it, freeze its panels, delete it. */

import { useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { changePage, type PageChange, withoutReport } from "../api/projectEdits";
import { download } from "../base/download";
import { Failure } from "../base/Failure";
import { projectPath } from "../base/names";
import { useCanEdit } from "../base/permissions";
import { navigate } from "../base/router";
import { reportPlace } from "../project/useTextDraft";
import { frozenText, reportFile } from "../report/exportReport";
import { reportParts, withFrozen } from "../report/panels";

interface Props {
  project: string;
  name: string;
  text: string;
}

export function ReportActions({ project, name, text }: Props) {
  const [failure, setFailure] = useState("");
  const canEdit = useCanEdit();
  const panels = reportParts(text).flatMap((part) => (part.kind === "panel" ? [part.panel] : []));
  const act = (work: Promise<unknown>) => void work.then(refreshAll, (problem) => setFailure(errorText(problem)));
  const write = (next: string): PageChange => {
    return (page) => reportPlace(name).write(next, page);
  };
  async function save(): Promise<void> {
    const html = await reportFile(name, project, text);
    download(new Blob([html], { type: "text/html" }), `${name}.html`);
  }
  async function freeze(): Promise<void> {
    const next = await frozenText(text, project);
    await changePage(project, write(next));
  }
  async function remove(): Promise<void> {
    await changePage(project, withoutReport(name));
    navigate(projectPath(project));
  }
  return (
    <>
      <button
        type="button"
        onClick={() => act(save())}
        title="One file with everything in it, to read without a server"
      >
        Export as HTML
      </button>
      {canEdit && panels.some((panel) => !panel.frozen) && (
        <button type="button" onClick={() => act(freeze())} title="Keep what the panels show now">
          Freeze panels
        </button>
      )}
      {canEdit && panels.some((panel) => panel.frozen) && (
        <button type="button" onClick={() => act(changePage(project, write(withFrozen(text, []))))}>
          Make panels live again
        </button>
      )}
      {canEdit && (
        <button type="button" onClick={() => act(remove())}>
          Delete this report
        </button>
      )}
      <Failure error={failure} />
    </>
  );
}
