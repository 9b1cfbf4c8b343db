/** Turns the text of a report into the parts of an exported file, or freezes its panels. */

import { send } from "../base/embed";
import { type ExportPart, exportHtml } from "./exportHtml";
import { type PanelText, reportParts, withFrozen } from "./panels";
import { packed, takeSnapshot, unpacked } from "./snapshot";

/** Returns a report as one HTML file. Live panels show what is there now. */
export async function reportFile(name: string, project: string, text: string): Promise<string> {
  const now = Date.now() / 1000;
  const { safeHtml } = await import("../base/markdownHtml");
  const parts = await Promise.all(
    reportParts(text).map(async (part): Promise<ExportPart> => {
      if (part.kind === "text") return { kind: "html", html: await withImages(safeHtml(part.text)) };
      if (part.fault) return { kind: "fault", text: `This panel cannot be drawn: ${part.fault}` };
      const { frozen } = part.panel;
      const shot = frozen ? await unpacked(frozen) : await takeSnapshot(ofProject(part.panel, project), now);
      return { kind: "panel", shot };
    }),
  );
  return exportHtml(`${name} · ${project}`, parts, location.origin, new Date().toLocaleString());
}

/** Returns the text with what each live panel shows now kept in it. Panels that are frozen stay as they are. */
export async function frozenText(text: string, project: string): Promise<string> {
  const now = Date.now() / 1000;
  const panels = reportParts(text).flatMap((part) => (part.kind === "panel" ? [part] : []));
  const kept = panels.map(async ({ panel, fault }) => {
    if (panel.frozen || fault) return panel.frozen;
    return packed(await takeSnapshot(ofProject(panel, project), now));
  });
  return withFrozen(text, await Promise.all(kept));
}

function ofProject(panel: PanelText, project: string): PanelText {
  return { ...panel, project: panel.project || project };
}

/** Returns HTML with the images of this server inside of it. */
async function withImages(html: string): Promise<string> {
  const sources = [...new Set([...html.matchAll(/<img src="(\/[^"]*)"/g)].map((match) => match[1] ?? ""))];
  const contents = await Promise.all(sources.map(imageData));
  return sources.reduce((text, source, at) => text.replaceAll(`src="${source}"`, `src="${contents[at]}"`), html);
}

async function imageData(source: string): Promise<string> {
  const answer = await send(source.replaceAll("&amp;", "&"));
  if (!answer.ok) return "data:,"; // the image was deleted: its text is shown
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:${answer.headers.get("content-type") ?? "image/png"};base64,${btoa(binary)}`;
}
