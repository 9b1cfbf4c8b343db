/** A report of a project: a text in Markdown with live panels. */

import { useMemo, useState } from "preact/hooks";
import { errorText } from "../api/client";
import { useData } from "../api/data";
import { refreshAll } from "../api/live";
import { changePage, withoutReport } from "../api/projectEdits";
import { paths } from "../api/routes";
import { Failure } from "../base/Failure";
import { projectPath } from "../base/names";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { useCanEdit } from "../base/permissions";
import { navigate } from "../base/router";
import { TextSection } from "../project/TextSection";
import { reportPlace } from "../project/useTextDraft";
import { ReportText } from "../report/ReportText";
import "./Report.css";

const PURPOSE = `Write a text in Markdown. A block \`\`\`panel with lines such as "metric: val/loss", "columns: config.lr, summary.val/loss"
or "sweep: id", and "filter: state = finished", is drawn live.`;

export function ReportPage({ project, name }: { project: string; name: string }) {
  const { value: page, error } = useData(paths.project(project));
  const [failure, setFailure] = useState("");
  const canEdit = useCanEdit();
  const place = useMemo(() => reportPlace(name), [name]);
  useTitle(`${name} · ${project}`);
  const trail: Trail = [
    ["Home", "/"],
    [project, projectPath(project)],
  ];
  if (!page) return <Loading title={name} trail={trail} error={error} />;
  function remove(): void {
    changePage(project, withoutReport(name)).then(
      () => {
        refreshAll();
        navigate(projectPath(project));
      },
      (refusal) => setFailure(errorText(refusal)),
    );
  }
  return (
    <Page
      trail={trail}
      title={name}
      aside={
        canEdit &&
        page.reports.some((report) => report.name === name) && (
          <button type="button" onClick={remove}>
            Delete this report
          </button>
        )
      }
    >
      <Failure error={failure} />
      <TextSection
        {...{ page, place }}
        name="report"
        title={name}
        purpose={PURPOSE}
        draw={(text) => <ReportText text={text} project={project} />}
      />
    </Page>
  );
}
