/** What the page of runs shows, held in its address: which runs, in which order, and which are selected. */

import type { RunsShown } from "../api/types";
import { filterOf } from "../base/filter";
import { type Param, type Sort, toggled, useListParam, useParam, useSortParam, useSwitchParam } from "../base/router";

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
  /** The ids of the runs that are ticked. */
  selected: string[];
  setSelected: (ids: string[]) => void;
  toggleSelected: (id: string) => void;
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
  const [selected, setSelected]: Param<string[]> = useListParam("runs", ",");
  const [isFolded, setFolded] = useSwitchParam("fold", false);
  const [isHeld, setHeld] = useSwitchParam("hold", false);
  return {
    ...{ project, setProject, state, setState, typed, setTyped, sort, setSort },
    ...{ isFolded, setFolded, isHeld, setHeld, selected, setSelected },
    shown: shownOf(shown),
    setShown: (next) => setShown(next === "active" ? "" : next),
    toggleSelected: (id) => setSelected(toggled(selected, id)),
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
