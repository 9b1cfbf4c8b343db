/** What the command palette offers for a text. Pure functions. */

import { projectPath } from "../base/names";

export interface PaletteItem {
  kind: string;
  name: string;
  /** Where it leads. */
  address: string;
}

interface Known {
  projects: string[];
  sweeps: { id: string; name: string; project: string }[];
  runs: { id: string; name: string; project: string }[];
  /** Columns of metrics: `summary.val/loss`. */
  metrics: string[];
}

const PLACES: PaletteItem[] = [
  { kind: "page", name: "Home", address: "/" },
  { kind: "page", name: "Sweeps", address: "/sweeps" },
  { kind: "page", name: "Runs", address: "/runs" },
  { kind: "page", name: "Agents & nodes", address: "/nodes" },
];
const MOST_OF_KIND = 6;
const METRIC = "summary.";

/** Returns what contains all words of a text: those whose name begins with it first. */
export function paletteItems(text: string, known: Known): PaletteItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ""] = words;
  const some = (items: PaletteItem[]) =>
    items
      .filter(({ kind, name }) => words.every((word) => `${kind} ${name}`.toLowerCase().includes(word)))
      .sort((a, b) => Number(begins(b.name, first)) - Number(begins(a.name, first)))
      .slice(0, MOST_OF_KIND);
  return [
    ...some(PLACES),
    ...some(known.projects.map((name) => ({ kind: "project", name, address: projectPath(name) }))),
    ...some(known.sweeps.map(({ id, name, project }) => named("sweep", name || id, project, `/sweeps/${id}`))),
    ...some(known.metrics.map(metricItem)),
    ...known.runs.map(({ id, name, project }) => named("run", name, project, `/runs/${id}`)).slice(0, MOST_OF_KIND),
  ];
}

function begins(name: string, word: string): boolean {
  return word !== "" && name.toLowerCase().startsWith(word);
}

function named(kind: string, name: string, project: string, address: string): PaletteItem {
  return { kind, name: `${name} · ${project}`, address };
}

/** A metric leads to its chart for the latest runs. */
function metricItem(column: string): PaletteItem {
  const metric = column.slice(METRIC.length);
  return { kind: "metric", name: metric, address: `/runs?view=Charts&chart=${encodeURIComponent(metric)}` };
}
