/** The first columns of the runs table: the box that selects a run, and its name. */

import type { RunRow } from "../api/types";
import { Name } from "../base/Name";
import { seconds, text } from "./rowValues";
import type { Column } from "./types";
import type { RunsView } from "./useRunsView";
import type { UnfoldedRows } from "./useUnfoldedRows";
import "./leadingColumns.css";

export function selectColumn({ selected, toggleSelected }: RunsView): Column<RunRow> {
  return {
    id: "pick",
    title: "",
    width: 40,
    isPinned: true,
    cell: (run) => (
      <input
        type="checkbox"
        checked={selected.includes(run.id)}
        aria-label={`Compare ${run["name"]}`}
        onChange={() => toggleSelected(run.id)}
      />
    ),
  };
}

/** How many characters of its id tell a run from others of the same name. */
const SHOWN_ID = 6;

export function nameColumn(view: RunsView, rows: UnfoldedRows, colors: Map<string, string>): Column<RunRow> {
  return {
    id: "name",
    title: "Run",
    width: view.isFolded ? 250 : 220,
    isPinned: true,
    isSortable: true,
    cell: (run) => (
      <>
        {view.isFolded && <FoldButton run={run} rows={rows} />}
        {view.selected.includes(run.id) && (
          <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
        )}
        <a href={`/runs/${run.id}`}>
          <Name>{text(run["name"])}</Name>
        </a>
        {rows.isRepeated(text(run["name"])) && (
          <span class="soft run-id" title={run.id}>
            {run.id.slice(-SHOWN_ID)}
          </span>
        )}
      </>
    ),
  };
}

function FoldButton({ run, rows }: { run: RunRow; rows: UnfoldedRows }) {
  if (rows.isMember(run)) {
    return (
      <span class="fold">
        <i aria-hidden="true">└</i>
      </span>
    );
  }
  const isOpen = rows.isOpen(run);
  return (
    <span class="fold">
      {seconds(run["group_size"]) > 1 && (
        <button
          type="button"
          class="icon"
          aria-expanded={isOpen}
          aria-label={`The other ranks of ${run["name"]}`}
          onClick={() => rows.toggle(run)}
        >
          {isOpen ? "▾" : "▸"}
        </button>
      )}
    </span>
  );
}
