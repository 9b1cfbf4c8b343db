/** What a panel shows at one moment: charts as pictures, tables as texts. A report keeps it, and an exported file too. */

import { get, getLines } from "../api/client";
import type { Columns } from "../api/packed";
import { paths } from "../api/routes";
import type { RunsPage } from "../api/types";
import { exact, measured, number } from "../base/format";
import { toBand, USUAL_SUMMARY } from "../charts/bands";
import { type Line, toLine } from "../charts/lines";
import { DEFAULT_LOOK } from "../charts/look";
import type { ChartRun } from "../charts/Metric";
import { toSvg } from "../charts/svg";
import { metricColumnOf, metricTitle } from "../tables/metricColumns";
import { text } from "../tables/rowValues";
import { chartRuns } from "./chartRuns";
import type { PanelText } from "./panels";
import { rowsPath } from "./useRunRows";

export interface ChartShot {
  title: string;
  svg: string;
  legend: { label: string; color: string }[];
}

export interface Snapshot {
  /** When it was taken, in seconds since the epoch. */
  time: number;
  charts: ChartShot[];
  table: { heads: string[]; rows: string[][]; total: number } | null;
  /** Names and values of a sweep. */
  sweep: [string, string][];
}

/** Fewer points than on the screen: a report has room for about 100,000 characters. */
const POINTS = 150;
/** Pictures are drawn for white paper. */
const THEME = "light";

export async function takeSnapshot(panel: PanelText, now: number): Promise<Snapshot> {
  const { metrics, columns, groupBy, sweep } = panel;
  const rows = metrics.length ? (await get(rowsPath(panel, ["name", "rows", "summary", ...groupBy]))).rows : [];
  const runs = chartRuns(rows, groupBy, THEME);
  const charts = await Promise.all(metrics.map((metric) => chartShot(metric, runs, groupBy.length > 0)));
  const table = columns.length ? tableShot(columns, await get(rowsPath(panel, ["name", ...columns]))) : null;
  return { time: now, charts, table, sweep: sweep ? await sweepShot(sweep) : [] };
}

async function chartShot(metric: string, runs: ChartRun[], isGrouped: boolean): Promise<ChartShot> {
  const having = runs.filter(({ run }) => metric in run.summary);
  const lines = isGrouped ? await bandsOf(metric, having) : await linesOf(metric, having);
  const legend = lines.map(({ label, color }) => ({ label, color }));
  return { title: metric, svg: toSvg(metric, lines, DEFAULT_LOOK), legend };
}

const WHOLE = { x: "step", low: null, high: null, points: POINTS };

async function linesOf(metric: string, runs: ChartRun[]): Promise<Line[]> {
  const found: (Columns | undefined)[] = [];
  const lines = runs.map(({ run }) => ({ owner: run.id, key: metric }));
  if (lines.length)
    await getLines({ ...WHOLE, lines }, (first, sent) => {
      for (const [at, { columns }] of sent.entries()) found[first + at] = columns;
    });
  return runs.flatMap(({ run, label, color, dash }, at): Line[] => {
    const columns = found[at];
    if (!columns?.count) return [];
    return [{ ...toLine(columns, { id: run.id, label, color }), ...(dash ? { dash } : {}) }];
  });
}

async function bandsOf(metric: string, runs: ChartRun[]): Promise<Line[]> {
  const lines = runs.map(({ run, band = run.id }) => ({ owner: run.id, key: metric, group: band }));
  if (!lines.length) return [];
  const { groups } = await get(paths.series({ ...WHOLE, lines }));
  return groups.map((group) => {
    const { color = "" } = runs.find(({ band }) => band === group.group) ?? {};
    const label = `${group.group} (${USUAL_SUMMARY.center} of ${group.members})`;
    return toBand(group, { id: group.group, label, color });
  });
}

function tableShot(columns: string[], { rows, total }: RunsPage): Snapshot["table"] {
  const ids = ["name", ...columns.filter((id) => id !== "name")];
  const titles = ids.map((id) => {
    const logged = metricColumnOf(id);
    return logged ? metricTitle(logged) : id.replace(/^config\./, "");
  });
  const cell = (id: string, given: unknown): string => {
    const logged = metricColumnOf(id);
    return logged ? measured(logged.metric, given, 6) : exact(given) || "–";
  };
  return { heads: titles, rows: rows.map((row) => ids.map((id) => cell(id, row[id]))), total: total ?? rows.length };
}

async function sweepShot(id: string): Promise<[string, string][]> {
  const sweep = await get(paths.sweep(id));
  const made = Object.values(sweep.counts).reduce((sum, count) => sum + count, 0);
  return [
    ["sweep", sweep.name || sweep.id],
    ["state", sweep.state],
    ["trials", text(made)],
    [`best ${sweep.metric ?? "value"}`, sweep.best ? number(sweep.best.objective, 6) : "–"],
  ];
}

/** Returns a snapshot as one line of text. */
export async function packed(snapshot: Snapshot): Promise<string> {
  const stream = new Blob([JSON.stringify(snapshot)]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Returns the snapshot of a text that `packed` made. A damaged text raises an error. */
export async function unpacked(text: string): Promise<Snapshot> {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as Snapshot;
}
