import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { filterOf, quoted } from "../base/filter";
import { Name } from "../base/Name";
import { Failure, Page, Tabs, useTitle } from "../base/Page";
import { useCanEdit } from "../base/permissions";
import { navigate, placeWith, useParam } from "../base/router";
import { State } from "../base/State";
import { StateChoice } from "../base/StateChoice";
import { lineColor, useTheme } from "../base/theme";
import { Charts, Toggle } from "../charts/Charts";
import { pointAt } from "../charts/crosshair";
import type { ChartRun } from "../charts/Metric";
import { ProjectChoice } from "../panels/ProjectChoice";
import { ColumnChoice } from "../tables/ColumnChoice";
import { columnOf, groupPath, seconds, text } from "../tables/cells";
import { firstColumns, keysOf, moved, PLAIN, SPARK, textOfWidths, widthsOf } from "../tables/columns";
import { lengthOf, type Open, placeOf } from "../tables/fold";
import { useRunPages } from "../tables/runPages";
import { type Column, type Sort, Table } from "../tables/Table";
import { TagChosen } from "../tables/TagChosen";

const STATES = ["running", "finished", "stopped", "preempted", "failed", "killed"];
const MOST_DRAWN = 10;
const LISTED = 200;
const SAMPLE = 60;
const MOST_UNFOLDED = 1000;
const TABS = ["Table", "Charts"];
const ALWAYS = ["name", "state", "reason", "group", "rank", "world_size", "project", "rows", "created", "duration"];

export function RunsPage() {
  const theme = useTheme();
  const now = useNow();
  const canEdit = useCanEdit();
  const [project, setProject] = useParam("project");
  const [state, setState] = useParam("state");
  const [typed, setTyped] = useParam("find");
  const [tab, setTab] = useParam("view", "Table");
  const [sortText, setSortText] = useParam("sort", "-created");
  const [picked, setPicked] = useParam("runs");
  const [columnText, setColumns] = useParam("columns");
  const [pinText, setPins] = useParam("pin");
  const [widthText, setWidths] = useParam("widths");
  const [foldText, setFold] = useParam("fold");
  const [openText, setOpenGroups] = useParam("open");
  useTitle("Runs");

  const isFolded = foldText === "on";
  const filter = filterOf(typed, state, isFolded);
  const sort = parseSort(sortText);
  const order = [{ column: sort.by, descending: sort.isDown }];

  // what the charts are of is asked for first: a browser asks a host few things at once
  const chosen = picked.split(",").filter(Boolean);
  const isChosen = new Set(chosen);
  const whole = ["name", "group", "state", "rows", "summary"];
  const drawnQuery = chosen.length
    ? { project: null, filter: `id in (${chosen.map(quoted).join(", ")})`, limit: chosen.length }
    : { project: project || null, filter, limit: MOST_DRAWN, fold: isFolded };
  const drawn = useData(
    tab === "Charts" ? paths.table({ ...drawnQuery, sort: order, columns: whole, offset: 0 }) : null,
  ).value?.rows;
  const listed = useData(
    tab === "Charts"
      ? paths.table({
          project: project || null,
          filter,
          sort: order,
          columns: ["name", "state"],
          limit: LISTED,
          offset: 0,
          fold: isFolded,
        })
      : null,
  ).value?.rows;

  const sample = useData(paths.runs({ project, limit: SAMPLE })).value?.runs;
  const allKeys = useMemo(() => keysOf(sample ?? []), [sample]);
  const shown = columnText ? columnText.split("|") : firstColumns(allKeys);
  const pins = pinText.split("|").filter(Boolean);
  const asked = [
    ...new Set([
      ...ALWAYS,
      ...shown.map((id) => id.replace(SPARK, "")),
      ...(isFolded ? ["group_state", "group_size"] : []),
    ]),
  ];
  const pages = useRunPages({ project: project || null, filter, sort: order, columns: asked, fold: isFolded });

  const openIds = isFolded ? openText.split(",").filter(Boolean) : [];
  const isOpen = new Set(openIds);
  const heads = openIds
    .map((id) => ({ id, at: pages.find(id) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  const groups = heads.map(({ at }) => text(pages.row(at)!["group"]));
  const others = {
    project: project || null,
    filter: `group in (${groups.map(quoted).join(", ")}) and not id in (${heads.map(({ id }) => quoted(id)).join(", ")})`,
    sort: [{ column: "rank", descending: false }],
    columns: asked,
  };
  const mates =
    useData(groups.length ? paths.table({ ...others, limit: MOST_UNFOLDED, offset: 0 }) : null).value?.rows ?? [];
  const open: Open<RunRow>[] = heads.map(({ at }) => ({
    at,
    rows: mates.filter((mate) => groupPath(mate) === groupPath(pages.row(at)!)),
  }));
  const below = new Set(open.flatMap(({ rows }) => rows.map((row) => row.id)));
  const standsForGroup = (run: RunRow) => isFolded && !below.has(run.id) && !isOpen.has(run.id);
  const flip = (id: string) =>
    setOpenGroups((isOpen.has(id) ? openIds.filter((one) => one !== id) : [...openIds, id]).join(","));
  const rowAt = (index: number) => {
    const place = placeOf(index, open);
    return "row" in place ? place.row : pages.row(place.head);
  };

  const colors = new Map((drawn ?? chosen.map((id) => ({ id }))).map((row, at) => [row.id, lineColor(at, theme)]));
  const chartRuns = useMemo(
    () => (drawn ?? []).map((row, at): ChartRun => chartRun(row, lineColor(at, theme))),
    [drawn, theme],
  );
  const pick = (id: string) =>
    setPicked((isChosen.has(id) ? chosen.filter((one) => one !== id) : [...chosen, id]).join(","));

  const pickColumn: Column<RunRow> = {
    id: "pick",
    title: "",
    width: 40,
    isPinned: true,
    cell: (run) => (
      <input
        type="checkbox"
        checked={isChosen.has(run.id)}
        aria-label={`Compare ${run["name"]}`}
        onChange={() => pick(run.id)}
      />
    ),
  };
  const nameColumn: Column<RunRow> = {
    id: "name",
    title: "Run",
    width: isFolded ? 250 : 220,
    isPinned: true,
    isSortable: true,
    cell: (run) => (
      <>
        {isFolded && (
          <span class="fold">
            {below.has(run.id) ? (
              <i aria-hidden="true">└</i>
            ) : (
              seconds(run["group_size"]) > 1 && (
                <button
                  type="button"
                  class="icon"
                  aria-expanded={isOpen.has(run.id)}
                  aria-label={`The other ranks of ${run["name"]}`}
                  onClick={() => flip(run.id)}
                >
                  {isOpen.has(run.id) ? "▾" : "▸"}
                </button>
              )
            )}
          </span>
        )}
        {isChosen.has(run.id) && <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />}
        <a href={`/runs/${run.id}`}>
          <Name>{text(run["name"])}</Name>
        </a>
      </>
    ),
  };
  const widths = widthsOf(widthText);
  const inOrder = pinnedFirst(shown, pins);
  const movable = inOrder.map((id): Column<RunRow> => {
    const column = columnOf(id, now, standsForGroup);
    const width = widths.get(column.id);
    return {
      ...column,
      isPinned: pins.includes(column.id),
      isMovable: true,
      ...(width ? { width, isSized: true } : {}),
    };
  });
  const columns = [pickColumn, nameColumn, ...movable];
  const resize = (id: string, width: number | null) => {
    widths.delete(id);
    if (width !== null) widths.set(id, width);
    setWidths(textOfWidths(widths));
  };

  return (
    <Page
      title="Runs"
      aside={
        <>
          <ProjectChoice value={project} onChange={setProject} />
          <StateChoice states={STATES} value={state} onChange={setState} />
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
        <span class="soft">
          {pages.total ?? "…"} {isFolded ? "groups" : "runs"}
        </span>
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
        {tab === "Table" && chosen.length > 0 && canEdit && <TagChosen chosen={chosen} />}
        {tab === "Table" && (
          <Toggle
            name="fold ranks"
            isOn={isFolded}
            onFlip={() => setFold(isFolded ? "" : "on")}
            title="One row a group; its state is the worst of its ranks"
          />
        )}
        {tab === "Table" && (
          <ColumnChoice
            all={[...PLAIN, ...allKeys]}
            chosen={shown}
            pinned={pins}
            onChange={(next) => setColumns(next.join("|"))}
            onPin={(next) => setPins(next.join("|"))}
          />
        )}
      </div>
      <Failure error={pages.error} />
      {tab === "Table" ? (
        <Table
          label="Runs"
          columns={columns}
          total={lengthOf(pages.total ?? 0, open)}
          row={rowAt}
          rowKey={(run) => run.id}
          sort={sort}
          onMove={(id, to, isBehind) => setColumns(moved(inOrder, id, to, isBehind).join("|"))}
          onResize={resize}
          onSort={(next) => setSortText((next.isDown ? "-" : "") + next.by)}
          onOpen={(run) => navigate(`/runs/${run.id}`)}
          onSight={(first, last) => pages.onSight(placeOf(first, open).head, placeOf(last, open).head)}
          rowClass={(run) => `${isChosen.has(run.id) ? "selected" : ""}${below.has(run.id) ? " below" : ""}`}
          maxHeight="calc(100vh - 190px)"
          empty={pages.total === 0 ? "No run matches." : "…"}
        />
      ) : (
        <div class="workspace">
          <aside class="run-list" aria-label="Runs to draw">
            {!chosen.length && <p class="soft">The first {chartRuns.length}; tick runs to choose.</p>}
            {[...(drawn ?? []), ...(listed ?? []).filter((run) => !colors.has(run.id))].map((run) => (
              <label
                key={run.id}
                class={colors.has(run.id) ? "drawn" : ""}
                onMouseEnter={() => pointAt(run.id)}
                onMouseLeave={() => pointAt(null)}
              >
                <input type="checkbox" checked={isChosen.has(run.id)} onChange={() => pick(run.id)} />
                <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
                <Name>{text(run["name"])}</Name>
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

function chartRun(row: RunRow, color: string): ChartRun {
  const summary = (row["summary"] ?? {}) as Record<string, unknown>;
  const run = { id: row.id, rows: seconds(row["rows"]), state: text(row["state"]), summary };
  return { run, label: text(row["name"]), color, band: text(row["group"]) };
}

function parseSort(given: string): Sort {
  return given.startsWith("-") ? { by: given.slice(1), isDown: true } : { by: given, isDown: false };
}

function pinnedFirst(shown: string[], pins: string[]): string[] {
  const isPinned = (id: string) => pins.includes(id.replace(SPARK, ""));
  return [...shown.filter(isPinned), ...shown.filter((id) => !isPinned(id))];
}
