/** A report of a project: a text in Markdown with live or frozen panels. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { projectPath } from "../base/names";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { TextSection } from "../project/TextSection";
import { reportPlace } from "../project/useTextDraft";
import { ReportText } from "../report/ReportText";
import { ReportActions } from "./ReportActions";
import "./Report.css";

const PURPOSE = `Write a text in Markdown. A block \`\`\`panel with lines such as "metric: val/loss", "columns: config.lr, summary.val/loss"
or "sweep: id", and "filter: state = finished", is drawn live.`;

export function ReportPage({ project, name }: { project: string; name: string }) {
  const { value: page, error } = useData(paths.project(project));
  const place = useMemo(() => reportPlace(name), [name]);
  useTitle(`${name} · ${project}`);
  const trail: Trail = [
    ["Home", "/"],
    [project, projectPath(project)],
  ];
  if (!page) return <Loading title={name} trail={trail} error={error} />;
  const report = page.reports.find((one) => one.name === name);
  return (
    <Page
      trail={trail}
      title={name}
      aside={report && <ReportActions project={project} name={name} text={report.text} />}
    >
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
