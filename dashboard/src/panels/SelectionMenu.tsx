/** How many runs are selected, and what selects all, none or the others. */

import { Menu } from "../base/Menu";
import { EVERYTHING, inverted, isNothing, NOTHING, selectedCount } from "../tables/selection";
import type { RunsView } from "../tables/useRunsView";

/** `total`: how many rows the view has; undefined until it is known. */
export function SelectionMenu({ view, total }: { view: RunsView; total: number | undefined }) {
  const { selection, setSelection, isFolded } = view;
  const rows = isFolded ? "groups" : "runs";
  const choices = {
    [`Select all ${total ?? ""} ${rows} of this view`]: () => setSelection(EVERYTHING),
    "Invert the selection": () => setSelection(inverted(selection)),
    "Select none": () => setSelection(NOTHING),
  };
  return (
    <span class="inline">
      {!isNothing(selection) && (
        <button type="button" class="chip" title="Select none" onClick={() => setSelection(NOTHING)}>
          {selectedCount(selection, total) ?? "…"} selected ✕
        </button>
      )}
      <Menu label="Select runs" choices={choices} />
    </span>
  );
}
