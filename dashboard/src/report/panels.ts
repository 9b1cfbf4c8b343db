/** The live panels in the text of a report. Pure functions. */

/** What a panel shows, as its lines say: `metric: val/loss`. */
export interface PanelText {
  metrics: string[];
  columns: string[];
  sweep: string;
  project: string;
  filter: string;
  /** The column that runs are sorted by, with `-` before it from high to low. */
  sort: string;
  groupBy: string[];
  runs: number;
  /** What a frozen panel shows, as `snapshot.ts` packs it; empty: the panel is live. */
  frozen: string;
}

export interface Panel {
  kind: "panel";
  panel: PanelText;
  /** What is wrong with it; empty if nothing is. */
  fault: string;
}

export type Part = { kind: "text"; text: string } | Panel;

const FENCE = /^```panel[ \t]*\n([\s\S]*?)^```[ \t]*$/gm;
const NAMES = ["metric", "columns", "sweep", "project", "filter", "sort", "group by", "runs", "frozen"];
const FIRST_RUNS = 10;
const MOST_RUNS = 200;

/** Returns a report as texts and panels, in order. */
export function reportParts(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(FENCE)) {
    if (text.slice(at, match.index).trim()) parts.push({ kind: "text", text: text.slice(at, match.index) });
    parts.push(panelOf(match[1] ?? ""));
    at = match.index + match[0].length;
  }
  if (text.slice(at).trim()) parts.push({ kind: "text", text: text.slice(at) });
  return parts;
}

function panelOf(body: string): Panel {
  const given = new Map<string, string>();
  const wrong: string[] = [];
  for (const line of body.split("\n").filter((one) => one.trim())) {
    const [name = "", ...rest] = line.split(":");
    if (NAMES.includes(name.trim()) && rest.length) given.set(name.trim(), rest.join(":").trim());
    else wrong.push(line.trim());
  }
  const list = (name: string) =>
    (given.get(name) ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean);
  const runs = Number(given.get("runs") ?? FIRST_RUNS);
  const panel = {
    ...{ metrics: list("metric"), columns: list("columns"), groupBy: list("group by") },
    ...{ sweep: given.get("sweep") ?? "", project: given.get("project") ?? "", filter: given.get("filter") ?? "" },
    sort: given.get("sort") ?? "-created",
    frozen: given.get("frozen") ?? "",
    runs: Math.min(MOST_RUNS, runs),
  };
  return { kind: "panel", panel, fault: faultOf(panel, wrong, runs) };
}

function faultOf({ metrics, columns, sweep }: PanelText, wrong: string[], runs: number): string {
  if (wrong.length)
    return `\`${wrong[0]}\` is not understood; allowed: lines such as \`metric: val/loss\` with ${NAMES.slice(0, -1).join(", ")}`;
  if (!(Number.isInteger(runs) && runs > 0)) return "`runs` is no number above 0";
  if (!metrics.length && !columns.length && !sweep)
    return "the panel shows nothing; write `metric: `, `columns: ` or `sweep: `";
  return "";
}

/** Returns a report with what its panels show kept in them, in order; an empty text makes a panel live again. */
export function withFrozen(text: string, packed: string[]): string {
  let at = 0;
  return text.replace(FENCE, (_fence, body: string) => {
    const lines = body.split("\n").filter((line) => line.trim() && !/^\s*frozen\s*:/.test(line));
    const kept = packed[at++] ?? "";
    return ["```panel", ...lines, ...(kept ? [`frozen: ${kept}`] : []), "```"].join("\n");
  });
}
