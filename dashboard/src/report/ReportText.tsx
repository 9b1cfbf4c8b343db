/** The text of a report, with its live panels. */

import { Failure } from "../base/Failure";
import { Markdown } from "../base/Markdown";
import { FrozenPanel } from "./FrozenPanel";
import { MetricPanel } from "./MetricPanel";
import { type Panel, type PanelText, reportParts } from "./panels";
import { SweepPanel } from "./SweepPanel";
import { TablePanel } from "./TablePanel";

export function ReportText({ text, project }: { text: string; project: string }) {
  return (
    <>
      {reportParts(text).map((part, at) =>
        part.kind === "text" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no name
          <Markdown key={at} text={part.text} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no name
          <PanelPart key={at} part={part} project={project} />
        ),
      )}
    </>
  );
}

function PanelPart({ part: { panel, fault }, project }: { part: Panel; project: string }) {
  if (fault) return <Failure error={`This panel cannot be drawn: ${fault}`} />;
  if (panel.frozen) return <FrozenPanel packed={panel.frozen} />;
  const shown: PanelText = { ...panel, project: panel.project || project };
  return (
    <>
      {shown.sweep && <SweepPanel sweep={shown.sweep} />}
      {shown.metrics.length > 0 && <MetricPanel panel={shown} />}
      {shown.columns.length > 0 && <TablePanel panel={shown} />}
    </>
  );
}
