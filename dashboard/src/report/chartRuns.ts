/** The runs of a panel as a chart draws them. Pure functions. */

import type { RunRow } from "../api/types";
import { distinctNames } from "../base/names";
import { dashOf, LINE_LOOKS, lineColor, type Theme } from "../base/theme";
import { groupLooks } from "../charts/grouping";
import type { ChartRun } from "../charts/Metric";
import { seconds, text } from "../tables/rowValues";

/** Returns the runs with their names and colours; with their groups if they are grouped by some columns. */
export function chartRuns(rows: RunRow[], groupBy: string[], theme: Theme): ChartRun[] {
  const names = distinctNames(rows.map((row) => ({ id: row.id, name: text(row["name"]) })));
  const looks = groupBy.length ? groupLooks(rows, groupBy, LINE_LOOKS) : [];
  return rows.map((row, at): ChartRun => {
    const look = looks[at];
    const summary = (row["summary"] ?? {}) as Record<string, unknown>;
    const run = { id: row.id, rows: seconds(row["rows"]), summary };
    const shown = { run, label: names[at] ?? row.id, color: lineColor(look?.color ?? at, theme) };
    return look ? { ...shown, band: look.label, dash: dashOf(look.dash) } : shown;
  });
}
