/** A report as one HTML file that needs no network. Pure functions. */

import type { Snapshot } from "./snapshot";

export type ExportPart =
  | { kind: "html"; html: string }
  | { kind: "panel"; shot: Snapshot }
  | { kind: "fault"; text: string };

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}

const STYLE = `
:root { color-scheme: light; }
body { max-width: 800px; margin: 40px auto; padding: 0 20px; font: 16px/1.55 system-ui, sans-serif; color: #1c2320; }
img { max-width: 100%; }
table { border-collapse: collapse; font-size: 14px; display: block; overflow-x: auto; }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid #ddd; white-space: nowrap; }
pre, code { font-family: ui-monospace, Menlo, monospace; font-size: 14px; }
pre { background: #f4f5f3; padding: 10px; overflow-x: auto; }
figure { margin: 20px 0; }
figcaption span { display: inline-block; margin-right: 14px; font-size: 13px; }
figcaption i { display: inline-block; width: 18px; height: 3px; margin-right: 6px; vertical-align: middle; }
footer, .soft { color: #66706b; font-size: 13px; }
`;

/** Scripts and requests are forbidden: a report may contain anything that somebody wrote. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** Returns the file. `origin`: the address of the server, for links to runs. `time`: when it was made, as a text. */
export function exportHtml(title: string, parts: ExportPart[], origin: string, time: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${parts.map((part) => partHtml(part, origin)).join("\n")}
<footer>Exported from lightning-sweeps on ${escaped(time)}</footer>
</body>
</html>
`;
}

function partHtml(part: ExportPart, origin: string): string {
  if (part.kind === "html") return part.html.replaceAll('<a href="/', `<a href="${escaped(origin)}/`);
  if (part.kind === "fault") return `<p class="soft">${escaped(part.text)}</p>`;
  const { sweep, charts, table } = part.shot;
  const facts = sweep.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`);
  return [
    facts.length ? `<table>${facts.join("")}</table>` : "",
    ...charts.map(({ title, svg, legend }) => {
      const names = legend.map(
        ({ label, color }) => `<span><i style="background:${escaped(color)}"></i>${escaped(label)}</span>`,
      );
      const source = `data:image/svg+xml,${encodeURIComponent(svg)}`;
      return `<figure><img src="${source}" alt="${escaped(title)}"><figcaption>${names.join("")}</figcaption></figure>`;
    }),
    table ? tableHtml(table.heads, table.rows) : "",
  ].join("\n");
}

function tableHtml(heads: string[], rows: string[][]): string {
  const line = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${line(heads, "th")}${rows.map((row) => line(row, "td")).join("")}</table>`;
}
