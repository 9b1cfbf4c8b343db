/** The table of runs. */

import { useNow } from "../api/data";
import type { RunRow } from "../api/types";
import { navigate, useParam } from "../base/router";
import { columnOf } from "./cells";
import { moved, pinnedFirst, widthsOf, widthsText } from "./columns";
import { comparisonOf, withComparison } from "./filterText";
import { nameColumn } from "./leadingColumns";
import type { RunPages } from "./runPages";
import { useSelectColumn } from "./selectColumn";
import { isSelected } from "./selection";
import { Table } from "./Table";
import type { Column } from "./types";
import type { ColumnView } from "./useColumns";
import type { RunsView } from "./useRunsView";
import { useUnfoldedRows } from "./useUnfoldedRows";

interface Props {
  view: RunsView;
  pages: RunPages;
  columns: ColumnView;
  /** The colour of a selected run in charts, by its id. */
  colors: Map<string, string>;
}

export function RunsTable({ view, pages, columns, colors }: Props) {
  const now = useNow();
  const [widthText, setWidths] = useParam("widths");
  const { asked, shown, pinned, setShown } = columns;
  const rows = useUnfoldedRows(pages, view.query, asked);
  const select = useSelectColumn(view, rows.row);
  const widths = widthsOf(widthText);
  const inOrder = pinnedFirst(shown, pinned);
  const movable = inOrder.map((id): Column<RunRow> => {
    const column = columnOf(id, now, rows.isGroup);
    const width = widths.get(column.id);
    const size = width ? { width, isSized: true } : {};
    const filter = (run: RunRow) => comparisonOf(column.id, run, rows.isGroup(run));
    return { ...column, ...size, filter, isPinned: pinned.includes(column.id), isMovable: true };
  });
  function resize(id: string, width: number | null): void {
    widths.delete(id);
    if (width !== null) widths.set(id, width);
    setWidths(widthsText(widths));
  }
  const rowClass = (run: RunRow) =>
    `${isSelected(view.selection, run.id) ? "selected" : ""}${rows.isMember(run) ? " below" : ""}`;
  return (
    <Table
      label="Runs"
      columns={[select, nameColumn(view, rows, colors), ...movable]}
      total={rows.total}
      row={rows.row}
      rowKey={(run) => run.id}
      sort={view.sort}
      onMove={(id, to, isBehind) => setShown(moved(inOrder, id, to, isBehind))}
      onResize={resize}
      onSort={view.setSort}
      onOpen={(run) => navigate(`/runs/${run.id}`)}
      onFilter={(comparison) => view.setTyped(withComparison(view.typed, comparison))}
      onVisible={rows.onVisible}
      rowClass={rowClass}
      maxHeight="calc(100vh - 190px)"
      empty={pages.total === 0 ? "No run matches." : "…"}
    />
  );
}
