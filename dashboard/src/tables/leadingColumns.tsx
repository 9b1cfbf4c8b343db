/** The column of the runs table with their names. */

import type { RunRow } from "../api/types";
import { Name } from "../base/Name";
import { seconds, text } from "./rowValues";
import { isSelected } from "./selection";
import type { Column } from "./types";
import type { RunsView } from "./useRunsView";
import type { UnfoldedRows } from "./useUnfoldedRows";
import "./leadingColumns.css";

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
        {isSelected(view.selection, run.id) && (
          <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
        )}
        <a href={`/runs/${run.id}`}>
          <Name>{text(run["name"])}</Name>
        </a>
        {rows.isRepeated(text(run["name"])) && <RunId id={run.id} />}
      </>
    ),
  };
}

/** The end of a run's id. */
export function RunId({ id }: { id: string }) {
  return (
    <span class="soft run-id" title={id}>
      {id.slice(-SHOWN_ID)}
    </span>
  );
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
