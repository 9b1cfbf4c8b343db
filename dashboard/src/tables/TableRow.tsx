/** One row of a table, at its place among all rows. */

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
  onHover: ((row: Row | null) => void) | undefined;
}

export function TableRow<Row>({ at, row, columns, layout, isFocused, kind, onFocus, onOpen, onHover }: Props<Row>) {
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
      onClick={onFocus}
      onDblClick={() => row && onOpen?.(row)}
      onMouseEnter={() => row && onHover?.(row)}
      onMouseLeave={() => onHover?.(null)}
    >
      {columns.map((column, number) => (
        // biome-ignore lint/a11y/useSemanticElements: as for the table
        <div class={layout.cellClass(number)} role="cell" key={column.id} style={layout.cellStyle(number)}>
          {row && column.cell(row)}
        </div>
      ))}
    </div>
  );
}
