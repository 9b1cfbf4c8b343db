/** The runs that the page of runs draws in charts: the selected ones, else the first ones of the table. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { quoted } from "../base/filter";
import { distinctNames } from "../base/names";
import { lineColor, useTheme } from "../base/theme";
import type { ChartRun } from "../charts/Metric";
import { seconds, text } from "./rowValues";
import type { RunsSelection } from "./useRunsView";

const MOST_DRAWN = 10;
const MOST_LISTED = 200;
const DRAWN_COLUMNS = ["name", "group", "state", "rows", "summary"];

export interface DrawnRuns {
  drawn: RunRow[];
  /** The runs of the table that are not drawn. */
  others: RunRow[];
  chartRuns: ChartRun[];
  colors: Map<string, string>;
}

/** Sends no request unless `isActive`. */
export function useDrawnRuns(selected: string[], query: RunsSelection, isActive: boolean): DrawnRuns {
  const theme = useTheme();
  const wanted = selected.length
    ? { project: null, filter: `id in (${selected.map(quoted).join(", ")})`, limit: selected.length }
    : { project: query.project, filter: query.filter, limit: MOST_DRAWN, fold: query.fold };
  const drawnPath = paths.table({ ...wanted, sort: query.sort, columns: DRAWN_COLUMNS, offset: 0 });
  const listPath = paths.table({ ...query, columns: ["name", "state"], limit: MOST_LISTED, offset: 0 });
  // the charts' data is requested first: a browser sends only a few requests to a host at a time
  const drawn = useData(isActive ? drawnPath : null).value?.rows;
  const listed = useData(isActive ? listPath : null).value?.rows;
  const ids = drawn?.map((row) => row.id) ?? selected;
  const colors = new Map(ids.map((id, at) => [id, lineColor(at, theme)]));
  const chartRuns = useMemo(() => {
    const rows = drawn ?? [];
    const names = distinctNames(rows.map((row) => ({ id: row.id, name: text(row["name"]) })));
    return rows.map((row, at) => chartRun(row, names[at] ?? row.id, lineColor(at, theme)));
  }, [drawn, theme]);
  return { drawn: drawn ?? [], others: (listed ?? []).filter((run) => !colors.has(run.id)), chartRuns, colors };
}

function chartRun(row: RunRow, label: string, color: string): ChartRun {
  const summary = (row["summary"] ?? {}) as Record<string, unknown>;
  const run = { id: row.id, rows: seconds(row["rows"]), summary };
  return { run, label, color, band: text(row["group"]) };
}
