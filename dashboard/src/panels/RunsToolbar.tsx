/** The controls above the runs: views, the search, and what can be done with selected runs. */

import { useState } from "preact/hooks";
import type { RunsShown } from "../api/types";
import { useCanEdit } from "../base/permissions";
import { Tabs } from "../base/Tabs";
import { Toggle } from "../base/Toggle";
import { ColumnChoice } from "../tables/ColumnChoice";
import { PLAIN } from "../tables/columns";
import { DefaultColumns } from "../tables/DefaultColumns";
import { FilterField } from "../tables/FilterField";
import { type Moved, MoveSelected, UndoMove } from "../tables/MoveSelected";
import { PinSelected } from "../tables/PinSelected";
import { SaveTable } from "../tables/SaveTable";
import { isNothing, NOTHING } from "../tables/selection";
import { TagSelected } from "../tables/TagSelected";
import type { ColumnView } from "../tables/useColumns";
import type { RunsView } from "../tables/useRunsView";
import { PinView } from "./PinView";
import { SavedViews } from "./SavedViews";
import { SelectionMenu } from "./SelectionMenu";

export const TABS = ["Table", "Charts", "Compare", "Scatter"] as const;
type Tab = (typeof TABS)[number];

interface Props {
  view: RunsView;
  tab: Tab;
  onTab: (tab: Tab) => void;
  columns: ColumnView;
  /** How many rows the search finds; undefined until it is known. */
  total: number | undefined;
  error: string;
}

export function RunsToolbar({ view, tab, onTab, columns, total, error }: Props) {
  const { isFolded, selection } = view;
  const [done, setDone] = useState<Moved | null>(null);
  const onMoved = (next: Moved) => {
    setDone(next);
    view.setSelection(NOTHING);
  };
  return (
    <div class="toolbar">
      <Tabs tabs={TABS} value={tab} onChange={onTab} />
      <FilterField value={view.typed} onChange={view.setTyped} project={view.project} isRejected={error !== ""} />
      <span class="soft">
        {total ?? "…"} {isFolded ? "groups" : "runs"}
      </span>
      <SelectionMenu view={view} total={total} />
      {!isNothing(selection) && <SelectedActions view={view} tab={tab} onMoved={onMoved} />}
      {view.project && <SavedViews project={view.project} />}
      {view.project && <PinView project={view.project} />}
      {done && <UndoMove done={done} onClose={() => setDone(null)} />}
      {tab === "Table" && (
        <>
          <ShownChoice value={view.shown} onChange={view.setShown} />
          <Toggle
            name="fold ranks"
            isOn={isFolded}
            onFlip={() => view.setFolded(!isFolded)}
            title="One row for each group, in the worst state of its ranks"
          />
          <Toggle
            name="hold still"
            isOn={view.isHeld}
            onFlip={() => view.setHeld(!view.isHeld)}
            title="Rows keep their places and values while runs go on"
          />
          <SaveTable view={view} shown={columns.shown} />
          <ColumnChoice
            all={[...PLAIN, ...columns.keys]}
            chosen={columns.shown}
            pinned={columns.pinned}
            onChange={columns.setShown}
            onPin={columns.setPinned}
            project={view.project}
          >
            <DefaultColumns project={view.project} columns={columns} />
          </ColumnChoice>
        </>
      )}
    </div>
  );
}

function SelectedActions({ view, tab, onMoved }: Pick<Props, "view" | "tab"> & { onMoved: (done: Moved) => void }) {
  const canEdit = useCanEdit();
  return (
    <>
      {canEdit && <PinSelected view={view} onDone={() => view.setSelection(NOTHING)} />}
      {tab === "Table" && canEdit && <TagSelected view={view} />}
      {tab === "Table" && canEdit && <MoveSelected {...{ view, onMoved }} />}
    </>
  );
}

function ShownChoice({ value, onChange }: { value: RunsShown; onChange: (shown: RunsShown) => void }) {
  return (
    <select
      aria-label="Which runs"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as RunsShown)}
    >
      <option value="active">active</option>
      <option value="archived">archive</option>
      <option value="deleted">trash</option>
    </select>
  );
}
