/** One row of a table, at its place among all rows. */

import { useState } from "preact/hooks";
import type { Layout } from "./layout";
import type { Column } from "./types";
import { ROW_PX } from "./useTableWindow";

interface Props<Row> {
  at: number;
  row: Row | undefined;
  columns: Column<Row>[];
  layout: Layout;
  isFocused: boolean;
  kind: string;
  onFocus: () => void;
  onOpen: ((row: Row) => void) | undefined;
  onPick: ((row: Row) => void) | undefined;
  onFilter: ((comparison: string) => void) | undefined;
  onHover: ((row: Row | null) => void) | undefined;
}

/** What does something of its own when it is clicked. */
const CONTROLS = "a, button, input, select";

export function TableRow<Row>({ at, row, columns, layout, isFocused, kind, ...on }: Props<Row>) {
  const { onFocus, onOpen, onPick, onFilter, onHover } = on;
  const [isPointed, setPointed] = useState(false);
  return (
    // biome-ignore lint/a11y/useSemanticElements: as for the table
    // biome-ignore lint/a11y/useFocusableInteractive: the table as a whole takes the focus
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table as a whole takes the keys
    <div
      class={`row${isFocused ? " focused" : ""} ${kind}`}
      role="row"
      data-row={at}
      aria-rowindex={at + 2}
      style={{ transform: `translateY(${at * ROW_PX}px)`, gridTemplateColumns: layout.template }}
      onClick={(event) => {
        onFocus();
        if (row && !(event.target as Element).closest(CONTROLS)) onPick?.(row);
      }}
      onDblClick={() => row && onOpen?.(row)}
      onMouseEnter={() => {
        setPointed(true);
        if (row) onHover?.(row);
      }}
      onMouseLeave={() => {
        setPointed(false);
        onHover?.(null);
      }}
    >
      {columns.map((column, number) => (
        // biome-ignore lint/a11y/useSemanticElements: as for the table
        <div class={layout.cellClass(number)} role="cell" key={column.id} style={layout.cellStyle(number)}>
          {row && column.cell(row)}
          {row && isPointed && onFilter && <CellFilter comparison={column.filter?.(row) ?? null} onFilter={onFilter} />}
        </div>
      ))}
    </div>
  );
}

/** Shows only rows with the same value. It is there for the row under the pointer. */
function CellFilter({ comparison, onFilter }: { comparison: string | null; onFilter: (comparison: string) => void }) {
  if (comparison === null) return null;
  return (
    <button
      type="button"
      class="cell-filter"
      tabIndex={-1}
      title={`Only ${comparison}`}
      aria-label={`Only ${comparison}`}
      onClick={(event) => {
        event.stopPropagation();
        onFilter(comparison);
      }}
    >
      =
    </button>
  );
}
