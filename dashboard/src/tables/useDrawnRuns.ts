/** The runs that the page of runs draws in charts: the selected ones, else the first ones of the table. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { distinctNames } from "../base/names";
import { dashOf, LINE_LOOKS, lineColor, useTheme } from "../base/theme";
import { groupLooks } from "../charts/grouping";
import type { ChartRun } from "../charts/Metric";
import { seconds, text } from "./rowValues";
import { isNothing, queryOf } from "./selection";
import type { RunsView } from "./useRunsView";

/** How many runs are drawn if none is selected, and at most. */
const FIRST_DRAWN = 10;
const MOST_DRAWN = 200;
/** At most as many are drawn as groups, which is one page of the server. */
const MOST_GROUPED = 1000;
const DRAWN_COLUMNS = ["name", "group", "state", "rows", "summary"];

export interface DrawnRuns {
  chartRuns: ChartRun[];
  colors: Map<string, string>;
  /** How many runs are to be drawn, and perhaps too many; undefined until it is known. */
  wanted: number | undefined;
  /** How many runs are drawn at most. */
  most: number;
}

/** Sends no request unless `isActive`. `keys`: what they are grouped by. `hidden`: ids of runs that are not drawn. */
export function useDrawnRuns(view: RunsView, keys: string[], hidden: string[], isActive: boolean): DrawnRuns {
  const { selection, query } = view;
  const theme = useTheme();
  const isView = isNothing(selection);
  const isFirst = isView && !keys.length;
  const most = keys.length ? MOST_GROUPED : MOST_DRAWN;
  const { project, filter } = isView ? query : queryOf(selection, query);
  const where = isView || selection.isAll ? { shown: query.shown, fold: query.fold } : { shown: "all" as const };
  const columns = [...new Set([...DRAWN_COLUMNS, ...keys])];
  const page = { sort: query.sort, columns, offset: 0, limit: isFirst ? FIRST_DRAWN : most };
  const answer = useData(isActive ? paths.table({ project, filter, ...where, ...page }) : null).value;
  const rows = answer?.rows;
  const hiddenText = hidden.join();
  const keyText = keys.join("|");
  const chartRuns = useMemo(() => {
    const names = distinctNames((rows ?? []).map((row) => ({ id: row.id, name: text(row["name"]) })));
    const looks = keyText ? groupLooks(rows ?? [], keyText.split("|"), LINE_LOOKS) : [];
    const all = (rows ?? []).map((row, at): ChartRun => {
      const look = looks[at];
      const run = chartRun(row, names[at] ?? row.id, lineColor(look?.color ?? at, theme));
      return look ? { ...run, band: look.label, dash: dashOf(look.dash) } : run;
    });
    return all.filter(({ run }) => !hiddenText.split(",").includes(run.id));
  }, [rows, theme, hiddenText, keyText]);
  const colorOf = new Map(chartRuns.map(({ run, color }) => [run.id, color]));
  const ids = rows?.map((row) => row.id) ?? (selection.isAll ? [] : selection.ids);
  return {
    chartRuns,
    colors: new Map(ids.map((id, at) => [id, colorOf.get(id) ?? lineColor(at, theme)])),
    most,
    wanted: isFirst ? rows?.length : answer?.total,
  };
}

function chartRun(row: RunRow, label: string, color: string): ChartRun {
  const summary = (row["summary"] ?? {}) as Record<string, unknown>;
  const run = { id: row.id, rows: seconds(row["rows"]), summary };
  return { run, label, color, band: text(row["group"]) };
}
