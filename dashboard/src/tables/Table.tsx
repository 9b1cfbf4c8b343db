/** A table that makes only the rows that are in sight; ten thousand scroll as ten do. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { TableHead } from "./TableHead";

export interface Column<Row> {
  id: string;
  title: string;
  /** What the title is short for. */
  hint?: string;
  width: number;
  cell: (row: Row) => ComponentChildren;
  isNumber?: boolean;
  isSortable?: boolean;
  isPinned?: boolean;
  /** Its head can be dragged: to another place, and its edge to another width. */
  isMovable?: boolean;
  /** Its width was chosen: it takes no share of what is left. */
  isSized?: boolean;
}

export interface Sort {
  by: string;
  isDown: boolean;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  total: number;
  /** Returns a row; undefined where it is still on its way. */
  row: (index: number) => Row | undefined;
  rowKey: (row: Row) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  onMove?: (id: string, to: string, isBehind: boolean) => void;
  /** null: the width that it has by itself. */
  onResize?: (id: string, width: number | null) => void;
  onOpen?: (row: Row) => void;
  onSight?: (first: number, last: number) => void;
  rowClass?: (row: Row) => string;
  /** Rows that are shown at once, at most; the page scrolls the rest within the table. */
  maxHeight?: string;
  empty?: ComponentChildren;
}

const ROW_PX = 34;
const HEAD_PX = 34;
const AHEAD_ROWS = 12;

export function Table<Row>(props: Props<Row>) {
  const { total, label, sort, onSort, onSight } = props;
  const [sizing, setSizing] = useState<{ id: string; width: number } | null>(null);
  const columns = props.columns.map((column) =>
    column.id === sizing?.id ? { ...column, width: sizing.width, isSized: true } : column,
  );
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [focused, setFocused] = useState(-1);

  useLayoutEffect(() => {
    const node = box.current!;
    const look = () => setView({ top: node.scrollTop, height: node.clientHeight });
    const sizes = new ResizeObserver(look);
    sizes.observe(node);
    node.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      node.removeEventListener("scroll", look);
    };
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - AHEAD_ROWS);
  const last = Math.min(total, Math.ceil((view.top + view.height) / ROW_PX) + AHEAD_ROWS);
  useEffect(() => onSight?.(first, last), [first, last, total]);

  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const template = columns
    .map((column) =>
      column.isPinned || column.isSized
        ? `${column.width}px`
        : `minmax(${column.width}px, ${column.isNumber ? 0.6 : 1}fr)`,
    )
    .join(" ");
  const lefts = pinnedLefts(columns);
  const cellStyle = (at: number): Record<string, string> => (lefts[at] === undefined ? {} : { left: `${lefts[at]}px` });
  const cellClass = (at: number) =>
    `cell${columns[at]!.isNumber ? " number" : ""}${lefts[at] === undefined ? "" : " pinned"}`;

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.min(total - 1, Math.max(0, focused + step));
      setFocused(next);
      const node = box.current!;
      const top = next * ROW_PX;
      if (top < node.scrollTop) node.scrollTop = top;
      else if (top + ROW_PX + HEAD_PX > node.scrollTop + node.clientHeight)
        node.scrollTop = top + ROW_PX + HEAD_PX - node.clientHeight;
    }
    const row = focused >= 0 ? props.row(focused) : undefined;
    if (row === undefined || event.target !== box.current) return;
    if (event.key === "Enter") props.onOpen?.(row);
    if (event.key === "x" || event.key === " ") {
      event.preventDefault();
      box.current!.querySelector<HTMLInputElement>(`[data-row="${focused}"] input[type=checkbox]`)?.click();
    }
  }

  const rows = [];
  for (let at = first; at < last; at++) {
    const row = props.row(at);
    const kind = `row${at === focused ? " focused" : ""}${row ? ` ${props.rowClass?.(row) ?? ""}` : " waiting"}`;
    rows.push(
      <div
        class={kind}
        role="row"
        key={row ? props.rowKey(row) : `waiting-${at}`}
        data-row={at}
        aria-rowindex={at + 2}
        style={{ transform: `translateY(${at * ROW_PX}px)`, gridTemplateColumns: template }}
        onClick={() => setFocused(at)}
        onDblClick={() => row && props.onOpen?.(row)}
      >
        {columns.map((column, number) => (
          <div class={cellClass(number)} role="cell" key={column.id} style={cellStyle(number)}>
            {row && column.cell(row)}
          </div>
        ))}
      </div>,
    );
  }
  return (
    <div
      class="table"
      ref={box}
      role="table"
      aria-label={label}
      aria-rowcount={total + 1}
      tabIndex={0}
      onKeyDown={onKey}
      style={{
        maxHeight: props.maxHeight ?? "none",
        height: props.maxHeight ? `${HEAD_PX + Math.max(total, 1) * ROW_PX + 2}px` : undefined,
      }}
    >
      <div class="table-head row" role="row" style={{ gridTemplateColumns: template, minWidth: `${width}px` }}>
        {columns.map((column, number) => (
          <TableHead
            key={column.id}
            column={column}
            sort={sort}
            onSort={onSort}
            onMove={props.onMove}
            onResize={props.onResize}
            onSizing={(size) => setSizing(size === null ? null : { id: column.id, width: size })}
            kind={cellClass(number)}
            style={cellStyle(number)}
          />
        ))}
      </div>
      <div class="table-body" role="rowgroup" style={{ height: `${total * ROW_PX}px`, minWidth: `${width}px` }}>
        {rows}
      </div>
      {total === 0 && <div class="table-empty">{props.empty ?? "nothing here yet"}</div>}
    </div>
  );
}

function pinnedLefts<Row>(columns: Column<Row>[]): (number | undefined)[] {
  let left = 0;
  return columns.map((column) => {
    if (!column.isPinned) return undefined;
    const own = left;
    left += column.width;
    return own;
  });
}
