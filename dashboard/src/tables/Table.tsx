/** A table that creates only the rows that are visible: ten thousand rows scroll as fast as ten. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Sort } from "../base/router";
import { type Layout, layoutOf } from "./layout";
import { TableHead } from "./TableHead";
import { TableRow } from "./TableRow";
import type { Column, MoveColumn, ResizeColumn } from "./types";
import { HEAD_PX, ROW_PX, useTableWindow } from "./useTableWindow";
import "./Table.css";

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  total: number;
  /** Returns a row; undefined while it is loading. */
  row: (index: number) => Row | undefined;
  rowKey: (row: Row) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  onMove?: MoveColumn;
  onResize?: ResizeColumn;
  onOpen?: (row: Row) => void;
  /** Called with a row that was clicked anywhere but on its controls. */
  onPick?: (row: Row) => void;
  /** Called with the comparison of a cell that was chosen as a filter. */
  onFilter?: (comparison: string) => void;
  /** Called with the row under the pointer; null: it has left. */
  onHover?: (row: Row | null) => void;
  onVisible?: (first: number, end: number) => void;
  rowClass?: (row: Row) => string;
  /** The largest height. Rows beyond it scroll within the table. */
  maxHeight?: string;
  empty?: ComponentChildren;
}

export function Table<Row>(props: Props<Row>) {
  const { total, label, maxHeight } = props;
  const [sizing, setSizing] = useState<{ id: string; width: number } | null>(null);
  const columns = props.columns.map((column) =>
    column.id === sizing?.id ? { ...column, width: sizing.width, isSized: true } : column,
  );
  const box = useRef<HTMLDivElement>(null);
  const { first, end, focused, setFocused, onStep } = useTableWindow(box, total, props.onVisible);
  const layout = layoutOf(columns);

  function onKey(event: KeyboardEvent): void {
    onStep(event);
    const row = focused >= 0 ? props.row(focused) : undefined;
    if (row === undefined || event.target !== box.current) return;
    if (event.key === "Enter") props.onOpen?.(row);
    if (event.key === "x" || event.key === " ") {
      event.preventDefault();
      box.current?.querySelector<HTMLInputElement>(`[data-row="${focused}"] input[type=checkbox]`)?.click();
    }
  }

  const height = maxHeight ? `${HEAD_PX + Math.max(total, 1) * ROW_PX + 2}px` : undefined;
  const indices = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element `table` cannot scroll and position its rows this way
    <div
      class="table"
      ref={box}
      role="table"
      aria-label={label}
      aria-rowcount={total + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the table as a whole takes the focus and the keys
      tabIndex={0}
      onKeyDown={onKey}
      style={{ maxHeight: maxHeight ?? "none", height }}
    >
      <HeadRow {...props} columns={columns} layout={layout} onSizing={setSizing} />
      {/* biome-ignore lint/a11y/useSemanticElements: as for the table */}
      <div class="table-body" role="rowgroup" style={{ height: `${total * ROW_PX}px`, minWidth: `${layout.width}px` }}>
        {indices.map((at) => {
          const row = props.row(at);
          return (
            <TableRow
              {...{ at, row, columns, layout }}
              key={row ? props.rowKey(row) : `waiting-${at}`}
              isFocused={at === focused}
              kind={row ? (props.rowClass?.(row) ?? "") : "waiting"}
              onFocus={() => setFocused(at)}
              onOpen={props.onOpen}
              onPick={props.onPick}
              onFilter={props.onFilter}
              onHover={props.onHover}
            />
          );
        })}
      </div>
      {total === 0 && <div class="table-empty">{props.empty ?? "nothing here yet"}</div>}
    </div>
  );
}

interface HeadRowProps<Row> extends Pick<Props<Row>, "columns" | "sort" | "onSort" | "onMove" | "onResize"> {
  layout: Layout;
  onSizing: (sizing: { id: string; width: number } | null) => void;
}

function HeadRow<Row>({ columns, layout, sort, onSort, onMove, onResize, onSizing }: HeadRowProps<Row>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as for the table
    // biome-ignore lint/a11y/useFocusableInteractive: the table as a whole takes the focus
    <div
      class="table-head row"
      role="row"
      style={{ gridTemplateColumns: layout.template, minWidth: `${layout.width}px` }}
    >
      {columns.map((column, at) => (
        <TableHead
          key={column.id}
          {...{ column, sort, onSort, onMove, onResize }}
          onSizing={(width) => onSizing(width === null ? null : { id: column.id, width })}
          kind={layout.cellClass(at)}
          style={layout.cellStyle(at)}
        />
      ))}
    </div>
  );
}
