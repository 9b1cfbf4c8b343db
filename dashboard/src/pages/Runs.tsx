import { useMemo } from "preact/hooks";
import { paths, type Run } from "../base/api";
import { useData, useNow } from "../base/data";
import { ago, clock, duration, flat, value } from "../base/format";
import { navigate, placeWith, useParam } from "../base/router";
import { lineColor, useTheme } from "../base/theme";
import { Charts } from "../charts/Charts";
import type { ChartRun } from "../charts/Metric";
import { ColumnChoice } from "../parts/ColumnChoice";
import { Failure, Page, Tabs, useTitle } from "../parts/Page";
import { ProjectChoice } from "../parts/ProjectChoice";
import { State } from "../parts/State";
import { type Column, type Sort, Table } from "../parts/Table";
import { compare } from "../sweep/Trials";

const STATES = ["running", "finished", "stopped", "preempted", "failed", "killed"];
const MOST_DRAWN = 10;
const FIRST_COLUMNS = 5;
const TABS = ["Table", "Charts"];

export function RunsPage() {
  const theme = useTheme();
  const now = useNow();
  const [project, setProject] = useParam("project");
  const [state, setState] = useParam("state");
  const [words, setWords] = useParam("find");
  const [tab, setTab] = useParam("view", "Table");
  const [sortText, setSortText] = useParam("sort", "-created");
  const [picked, setPicked] = useParam("runs");
  const [columnText, setColumns] = useParam("columns");
  const { value: list, error } = useData(paths.runs({ project, state, limit: 1000 }));
  useTitle("Runs");

  const runs = useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = (list?.runs ?? []).filter((run) => wanted.every((word) => textOf(run).includes(word)));
    const sort = parseSort(sortText);
    return found.sort((a, b) => {
      const [left, right] = [cellOf(a, sort.by), cellOf(b, sort.by)];
      const order = compare(left, right);
      return sort.isDown && left !== undefined && right !== undefined ? -order : order;
    });
  }, [list, words, sortText]);

  const chosen = new Set(picked.split(",").filter(Boolean));
  const drawn = chosen.size ? (list?.runs ?? []).filter((run) => chosen.has(run.id)) : runs.slice(0, MOST_DRAWN);
  const colors = new Map(drawn.map((run, at) => [run.id, lineColor(at, theme)]));
  const pick = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setPicked([...next].join(","));
  };
  const allKeys = useMemo(() => keysOf(list?.runs ?? []), [list]);
  const keys = columnText ? columnText.split("|") : allKeys.slice(0, FIRST_COLUMNS);

  const columns: Column<Run>[] = [
    {
      id: "pick",
      title: "",
      width: 40,
      isPinned: true,
      cell: (run) => <input type="checkbox" checked={chosen.has(run.id)} aria-label={`Compare ${run.name}`} onChange={() => pick(run.id)} />,
    },
    {
      id: "name",
      title: "Run",
      width: 220,
      isPinned: true,
      isSortable: true,
      cell: (run) => (
        <>
          {colors.has(run.id) && <i class="swatch" style={{ background: colors.get(run.id)! }} />}
          <a href={`/runs/${run.id}`} title={run.name}>
            {run.name}
          </a>
        </>
      ),
    },
    { id: "state", title: "State", width: 108, isSortable: true, cell: (run) => <State state={run.state} title={run.reason || run.state} /> },
    {
      id: "group",
      title: "Group",
      width: 170,
      isSortable: true,
      cell: (run) => (
        <a class="quiet-link" href={`/groups/${encodeURIComponent(run.project)}/${encodeURIComponent(run.group)}`} title={run.group}>
          {run.group}
        </a>
      ),
    },
    { id: "rank", title: "Rank", width: 64, isNumber: true, isSortable: true, cell: (run) => run.rank },
    ...keys.map(
      (key): Column<Run> => ({
        id: key,
        title: key.replace(/^config\./, ""),
        width: 112,
        isNumber: true,
        isSortable: true,
        cell: (run) => <span class="mono">{value(cellOf(run, key))}</span>,
      }),
    ),
    { id: "created", title: "Begun", width: 104, isSortable: true, cell: (run) => <span title={clock(run.created)}>{ago(run.created, now)}</span> },
    { id: "took", title: "Took", width: 90, isNumber: true, isSortable: true, cell: (run) => duration((run.ended ?? run.updated) - run.created) },
    { id: "rows", title: "Rows", width: 80, isNumber: true, isSortable: true, cell: (run) => run.rows },
    { id: "project", title: "Project", width: 110, isSortable: true, cell: (run) => run.project },
    { id: "host", title: "Host", width: 110, isSortable: true, cell: (run) => run.host },
  ];
  const chartRuns: ChartRun[] = drawn.map((run) => ({ run, label: run.name, color: colors.get(run.id)!, band: run.group }));

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
      <Failure error={error} />
      <div class="toolbar">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
        <input type="search" placeholder="Search name, group, tag, host, reason" aria-label="Search runs" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        <span class="soft">
          {runs.length === list?.total ? runs.length : `${runs.length} of ${list?.total ?? "…"}`} runs
        </span>
        {chosen.size > 0 && (
          <>
            <button type="button" class="chip" onClick={() => setPicked("")}>
              {chosen.size} selected ✕
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
      {tab === "Table" ? (
        <Table
          label="Runs"
          columns={columns}
          total={runs.length}
          row={(at) => runs[at]}
          rowKey={(run) => run.id}
          sort={parseSort(sortText)}
          onSort={(sort) => setSortText((sort.isDown ? "-" : "") + sort.by)}
          onOpen={(run) => navigate(`/runs/${run.id}`)}
          rowClass={(run) => (chosen.has(run.id) ? "selected" : "")}
          maxHeight="calc(100vh - 190px)"
          empty={list ? "No run matches." : "…"}
        />
      ) : (
        <div class="workspace">
          <aside class="run-list" aria-label="Runs to draw">
            {!chosen.size && <p class="soft">The first {Math.min(MOST_DRAWN, runs.length)}; tick runs to choose.</p>}
            {[...drawn, ...runs.filter((run) => !colors.has(run.id))].slice(0, 300).map((run) => (
              <label key={run.id} class={colors.has(run.id) ? "drawn" : ""}>
                <input type="checkbox" checked={chosen.has(run.id)} onChange={() => pick(run.id)} />
                <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
                <span title={run.name}>{run.name}</span>
                <State state={run.state} />
              </label>
            ))}
          </aside>
          <Charts runs={chartRuns} bandName="bands by group" />
        </div>
      )}
    </Page>
  );
}

function textOf(run: Run): string {
  return [run.id, run.name, run.group, run.host, run.state, run.reason, run.job_type, ...run.tags].join("\n").toLowerCase();
}

function parseSort(text: string): Sort {
  return text.startsWith("-") ? { by: text.slice(1), isDown: true } : { by: text, isDown: false };
}

function cellOf(run: Run, by: string): unknown {
  if (by === "took") return (run.ended ?? run.updated) - run.created;
  if (by.startsWith("config.")) return flat(run.config)[by.slice("config.".length)];
  if (by in run.summary) return run.summary[by];
  return run[by as keyof Run];
}

/** Returns the metrics of some runs, then the parts of their configurations that differ. */
function keysOf(runs: Run[]): string[] {
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
  const different = [...config].filter(([, values]) => values.size > 1).map(([key]) => `config.${key}`);
  return [...[...metrics].sort((a, b) => Number(b.includes("/")) - Number(a.includes("/")) || a.localeCompare(b)), ...different, ...[...others].filter((key) => !metrics.has(key))];
}
