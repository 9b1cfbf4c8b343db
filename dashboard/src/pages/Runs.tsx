import { useMemo } from "preact/hooks";
import { paths, type RunRow } from "../base/api";
import { useData, useNow } from "../base/data";
import { filterOf, quoted } from "../base/filter";
import { ago, clock, duration, flat, value } from "../base/format";
import { useRunPages } from "../base/pages";
import { navigate, placeWith, useParam } from "../base/router";
import { lineColor, useTheme } from "../base/theme";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { ColumnChoice } from "../parts/ColumnChoice";
import { Failure, Page, Tabs, useTitle } from "../parts/Page";
import { ProjectChoice } from "../parts/ProjectChoice";
import { State } from "../parts/State";
import { type Column, type Sort, Table } from "../parts/Table";

const STATES = ["running", "finished", "stopped", "preempted", "failed", "killed"];
const MOST_DRAWN = 10;
const LISTED = 200;
const FIRST_COLUMNS = 5;
const SAMPLE = 60;
const TABS = ["Table", "Charts"];
const ALWAYS = ["name", "state", "reason", "group", "rank", "project", "host", "created", "updated", "ended", "duration", "rows"];

export function RunsPage() {
  const theme = useTheme();
  const now = useNow();
  const [project, setProject] = useParam("project");
  const [state, setState] = useParam("state");
  const [typed, setTyped] = useParam("find");
  const [tab, setTab] = useParam("view", "Table");
  const [sortText, setSortText] = useParam("sort", "-created");
  const [picked, setPicked] = useParam("runs");
  const [columnText, setColumns] = useParam("columns");
  useTitle("Runs");

  const sample = useData(paths.runs({ project, limit: SAMPLE })).value?.runs;
  const allKeys = useMemo(() => keysOf(sample ?? []), [sample]);
  const keys = columnText ? columnText.split("|") : allKeys.slice(0, FIRST_COLUMNS);
  const filter = filterOf(typed, state);
  const sort = parseSort(sortText);
  const order = [{ column: sort.by, descending: sort.isDown }];
  const pages = useRunPages({ project: project || null, filter, sort: order, columns: [...ALWAYS, ...keys] });

  const chosen = picked.split(",").filter(Boolean);
  const isChosen = new Set(chosen);
  const whole = ["name", "group", "state", "rows", "summary"];
  const drawnQuery = chosen.length
    ? { project: null, filter: `id in (${chosen.map(quoted).join(", ")})`, limit: chosen.length }
    : { project: project || null, filter, limit: MOST_DRAWN };
  const drawn = useData(tab === "Charts" ? paths.table({ ...drawnQuery, sort: order, columns: whole, offset: 0 }) : null).value?.rows;
  const listed = useData(tab === "Charts" ? paths.table({ project: project || null, filter, sort: order, columns: ["name", "state"], limit: LISTED, offset: 0 }) : null).value?.rows;
  const colors = new Map((drawn ?? chosen.map((id) => ({ id }))).map((row, at) => [row.id, lineColor(at, theme)]));
  const chartRuns = useMemo(() => (drawn ?? []).map((row, at): ChartRun => chartRun(row, lineColor(at, theme))), [drawn, theme]);
  const pick = (id: string) => setPicked((isChosen.has(id) ? chosen.filter((one) => one !== id) : [...chosen, id]).join(","));

  const columns: Column<RunRow>[] = [
    {
      id: "pick",
      title: "",
      width: 40,
      isPinned: true,
      cell: (run) => <input type="checkbox" checked={isChosen.has(run.id)} aria-label={`Compare ${run["name"]}`} onChange={() => pick(run.id)} />,
    },
    {
      id: "name",
      title: "Run",
      width: 220,
      isPinned: true,
      isSortable: true,
      cell: (run) => (
        <>
          {isChosen.has(run.id) && <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />}
          <a href={`/runs/${run.id}`} title={text(run["name"])}>
            {text(run["name"])}
          </a>
        </>
      ),
    },
    { id: "state", title: "State", width: 108, isSortable: true, cell: (run) => <State state={text(run["state"])} title={text(run["reason"] || run["state"])} /> },
    {
      id: "group",
      title: "Group",
      width: 170,
      isSortable: true,
      cell: (run) => (
        <a class="quiet-link" href={groupPath(run)} title={text(run["group"])}>
          {text(run["group"])}
        </a>
      ),
    },
    { id: "rank", title: "Rank", width: 64, isNumber: true, isSortable: true, cell: (run) => value(run["rank"]) },
    ...keys.map(
      (key): Column<RunRow> => ({
        id: key,
        title: key.replace(/^(config|summary)\./, ""),
        width: 112,
        isNumber: true,
        isSortable: true,
        cell: (run) => <span class="mono">{value(run[key])}</span>,
      }),
    ),
    { id: "created", title: "Begun", width: 104, isSortable: true, cell: (run) => <span title={clock(seconds(run["created"]))}>{ago(seconds(run["created"]), now)}</span> },
    { id: "duration", title: "Took", width: 90, isNumber: true, isSortable: true, cell: (run) => duration(seconds(run["duration"])) },
    { id: "rows", title: "Rows", width: 80, isNumber: true, isSortable: true, cell: (run) => value(run["rows"]) },
    { id: "project", title: "Project", width: 110, isSortable: true, cell: (run) => text(run["project"]) },
    { id: "host", title: "Host", width: 110, isSortable: true, cell: (run) => text(run["host"]) },
  ];

  return (
    <Page
      title="Runs"
      aside={
        <>
          <ProjectChoice value={project} onChange={setProject} />
          <label>
            State
            <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
              <option value="">any</option>
              {STATES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        </>
      }
    >
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
        <input
          type="search"
          class="wide"
          placeholder="Words, or a filter: summary.val/loss < 0.3 and config.lr > 0.01"
          aria-label="Search runs"
          aria-invalid={pages.error !== ""}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class="soft">{pages.total ?? "…"} runs</span>
        {chosen.length > 0 && (
          <>
            <button type="button" class="chip" onClick={() => setPicked("")}>
              {chosen.length} selected ✕
            </button>
            {tab === "Table" && (
              <button type="button" class="primary" onClick={() => navigate(placeWith({ view: "Charts" }))}>
                Compare
              </button>
            )}
          </>
        )}
        {tab === "Table" && <ColumnChoice all={allKeys} chosen={keys} onChange={(next) => setColumns(next.join("|"))} />}
      </div>
      <Failure error={pages.error} />
      {tab === "Table" ? (
        <Table
          label="Runs"
          columns={columns}
          total={pages.total ?? 0}
          row={pages.row}
          rowKey={(run) => run.id}
          sort={sort}
          onSort={(next) => setSortText((next.isDown ? "-" : "") + next.by)}
          onOpen={(run) => navigate(`/runs/${run.id}`)}
          onSight={pages.onSight}
          rowClass={(run) => (isChosen.has(run.id) ? "selected" : "")}
          maxHeight="calc(100vh - 190px)"
          empty={pages.total === 0 ? "No run matches." : "…"}
        />
      ) : (
        <div class="workspace">
          <aside class="run-list" aria-label="Runs to draw">
            {!chosen.length && <p class="soft">The first {chartRuns.length}; tick runs to choose.</p>}
            {[...(drawn ?? []), ...(listed ?? []).filter((run) => !colors.has(run.id))].map((run) => (
              <label key={run.id} class={colors.has(run.id) ? "drawn" : ""}>
                <input type="checkbox" checked={isChosen.has(run.id)} onChange={() => pick(run.id)} />
                <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
                <span title={text(run["name"])}>{text(run["name"])}</span>
                <State state={text(run["state"])} />
              </label>
            ))}
          </aside>
          <Charts runs={chartRuns} bandName="bands by group" />
        </div>
      )}
    </Page>
  );
}

function text(given: unknown): string {
  return given === null || given === undefined ? "" : String(given);
}

function seconds(given: unknown): number {
  return typeof given === "number" ? given : 0;
}

function groupPath(run: RunRow): string {
  return `/groups/${encodeURIComponent(text(run["project"]))}/${encodeURIComponent(text(run["group"]))}`;
}

function chartRun(row: RunRow, color: string): ChartRun {
  const summary = (row["summary"] ?? {}) as Record<string, unknown>;
  const run = { id: row.id, rows: seconds(row["rows"]), state: text(row["state"]), summary };
  return { run, label: text(row["name"]), color, band: text(row["group"]) };
}

function parseSort(given: string): Sort {
  return given.startsWith("-") ? { by: given.slice(1), isDown: true } : { by: given, isDown: false };
}

interface Sample {
  summary: Record<string, unknown>;
  config: Record<string, unknown>;
}

/** Returns the metrics of some runs, then what differs between their configurations, then other last values. */
function keysOf(runs: Sample[]): string[] {
  const metrics = new Set<string>();
  const others = new Set<string>();
  const config = new Map<string, Set<string>>();
  for (const run of runs) {
    for (const [key, given] of Object.entries(run.summary)) (typeof given === "number" ? metrics : others).add(key);
    for (const [key, given] of Object.entries(flat(run.config))) {
      const known = config.get(key) ?? new Set();
      config.set(key, known.add(JSON.stringify(given)));
    }
  }
  const sorted = [...metrics].sort((a, b) => Number(b.includes("/")) - Number(a.includes("/")) || a.localeCompare(b));
  const different = [...config].filter(([, values]) => values.size > 1).map(([key]) => `config.${key}`);
  const rest = [...others].filter((key) => !metrics.has(key)).map((key) => `summary.${key}`);
  return [...sorted.map((key) => `summary.${key}`), ...different, ...rest].filter((key) => !key.includes('"'));
}
