/** What the page of runs shows, held in its address: which runs, in which order, and which are selected. */

import type { RunsShown } from "../api/types";
import { filterOf } from "../base/filter";
import { type Sort, useListParam, useParam, useSortParam, useSwitchParam } from "../base/router";
import { type Selection, selectionList, selectionOf } from "./selection";

export interface RunsView {
  project: string;
  setProject: (project: string) => void;
  state: string;
  setState: (state: string) => void;
  /** Which runs: active ones, the archive, or the trash. */
  shown: RunsShown;
  setShown: (shown: RunsShown) => void;
  /** The text of the search field. */
  typed: string;
  setTyped: (text: string) => void;
  sort: Sort;
  setSort: (sort: Sort) => void;
  /** Whether the table shows one row for each group. */
  isFolded: boolean;
  setFolded: (isFolded: boolean) => void;
  /** Whether rows keep their places and values while runs go on. */
  isHeld: boolean;
  setHeld: (isHeld: boolean) => void;
  /** The runs that are ticked. */
  selection: Selection;
  setSelection: (selection: Selection) => void;
  /** The query for the server. */
  query: RunsSelection;
}

export interface RunsSelection {
  project: string | null;
  filter: string;
  sort: { column: string; descending: boolean }[];
  fold: boolean;
  shown: RunsShown;
}

export function useRunsView(): RunsView {
  const [project, setProject] = useParam("project");
  const [state, setState] = useParam("state");
  const [typed, setTyped] = useParam("find");
  const [shown, setShown] = useParam("shown");
  const [sort, setSort] = useSortParam("sort", "-created");
  const [selected, setSelected] = useListParam("runs", ",");
  const [isFolded, setFolded] = useSwitchParam("fold", false);
  const [isHeld, setHeld] = useSwitchParam("hold", false);
  return {
    ...{ project, setProject, state, setState, typed, setTyped, sort, setSort },
    ...{ isFolded, setFolded, isHeld, setHeld },
    selection: selectionOf(selected),
    setSelection: (next) => setSelected(selectionList(next)),
    shown: shownOf(shown),
    setShown: (next) => setShown(next === "active" ? "" : next),
    query: {
      project: project || null,
      filter: filterOf(typed, state, isFolded),
      sort: [{ column: sort.by, descending: sort.isDown }],
      fold: isFolded,
      shown: shownOf(shown),
    },
  };
}

function shownOf(param: string): RunsShown {
  return param === "archived" || param === "deleted" ? param : "active";
}
