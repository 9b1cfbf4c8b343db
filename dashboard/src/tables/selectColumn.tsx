/** The column with the boxes that select runs. Its head selects all of the view; with Shift, a box selects a range. */

import { useRef } from "preact/hooks";
import { get } from "../api/client";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { EVERYTHING, isNothing, isSelected, NOTHING, withRange, withToggled } from "./selection";
import type { Column } from "./types";
import type { RunsView } from "./useRunsView";

/** The largest range, which is that of one page of the server. */
const MOST_AT_ONCE = 1000;

/** `row`: returns a row of the table; undefined if it is not loaded. */
export function useSelectColumn(view: RunsView, row: (index: number) => RunRow | undefined): Column<RunRow> {
  const last = useRef(-1);
  const { selection, setSelection } = view;
  async function pick(run: RunRow, box: HTMLInputElement, isRange: boolean): Promise<void> {
    const at = Number(box.closest("[data-row]")?.getAttribute("data-row") ?? -1);
    const from = last.current;
    last.current = at;
    if (!isRange || from < 0 || from === at) setSelection(withToggled(selection, run.id));
    else setSelection(withRange(selection, await idsBetween(view, row, [from, at]), box.checked));
  }
  const isAll = selection.isAll && !selection.ids.length;
  return {
    id: "pick",
    title: "Select all runs of this view",
    width: 40,
    isPinned: true,
    head: (
      <input
        type="checkbox"
        aria-label="Select all runs of this view"
        checked={isAll}
        ref={(box) => {
          if (box) box.indeterminate = !isAll && !isNothing(selection);
        }}
        onChange={() => setSelection(isAll ? NOTHING : EVERYTHING)}
      />
    ),
    cell: (run) => (
      <input
        type="checkbox"
        checked={isSelected(selection, run.id)}
        aria-label={`Compare ${run["name"]}`}
        onClick={(event) => void pick(run, event.currentTarget, event.shiftKey)}
      />
    ),
  };
}

/** Returns the ids of the rows from one to another, in any direction, with both. */
async function idsBetween(
  { query }: RunsView,
  row: (index: number) => RunRow | undefined,
  ends: [number, number],
): Promise<string[]> {
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const loaded = Array.from({ length: last - first + 1 }, (_, at) => row(first + at)?.id);
  const known = loaded.filter((id) => id !== undefined);
  if (known.length === loaded.length) return known;
  const limit = Math.min(loaded.length, MOST_AT_ONCE);
  return (await get(paths.table({ ...query, columns: ["name"], offset: first, limit }))).rows.map(({ id }) => id);
}
