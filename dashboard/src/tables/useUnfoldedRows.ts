/** The rows of a table whose groups can be unfolded to their other ranks. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { quoted } from "../base/filter";
import { toggled, useListParam } from "../base/router";
import { groupPath } from "./cells";
import { lengthOf, type Open, placeOf } from "./fold";
import { text } from "./rowValues";
import type { RunPages } from "./runPages";
import type { RunsSelection } from "./useRunsView";

const MOST_UNFOLDED = 1000;

export interface UnfoldedRows {
  /** How many rows there are in all; undefined until it is known. */
  total: number;
  row: (index: number) => RunRow | undefined;
  /** Whether a row shows another rank of an unfolded group. */
  isMember: (run: RunRow) => boolean;
  isOpen: (run: RunRow) => boolean;
  /** Whether a row stands for its whole group. */
  isGroup: (run: RunRow) => boolean;
  toggle: (run: RunRow) => void;
  /** Whether several loaded rows have this name. */
  isRepeated: (name: string) => boolean;
  onVisible: (first: number, last: number) => void;
}

/** Returns the rows of `pages`, with those of unfolded groups in between. `columns`: what each row holds. */
export function useUnfoldedRows(pages: RunPages, query: RunsSelection, columns: string[]): UnfoldedRows {
  const [ids, setIds] = useListParam("open", ",");
  const openIds = query.fold ? ids : [];
  const heads = openIds
    .map((id) => ({ id, at: pages.find(id) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  const members = useMembers(
    heads.map(({ id, at }) => ({ id, group: text(pages.row(at)?.["group"]) })),
    query.project,
    columns,
  );
  const open = heads.map(({ at }): Open<RunRow> => {
    const head = pages.row(at);
    return { at, rows: members.filter((member) => head && groupPath(member) === groupPath(head)) };
  });
  const below = new Set(open.flatMap(({ rows }) => rows.map((row) => row.id)));
  const isMember = (run: RunRow) => below.has(run.id);
  const isOpen = (run: RunRow) => openIds.includes(run.id);
  return {
    total: lengthOf(pages.total ?? 0, open),
    row: (index) => {
      const place = placeOf(index, open);
      return "row" in place ? place.row : pages.row(place.head);
    },
    isMember,
    isRepeated: pages.isRepeated,
    isOpen,
    isGroup: (run) => query.fold && !isMember(run) && !isOpen(run),
    toggle: (run) => setIds(toggled(openIds, run.id)),
    onVisible: (first, last) => pages.onVisible(placeOf(first, open).head, placeOf(last, open).head),
  };
}

/** Returns the other ranks of unfolded groups, by rank. */
function useMembers(heads: { id: string; group: string }[], project: string | null, columns: string[]): RunRow[] {
  const groups = heads.map(({ group }) => quoted(group)).join(", ");
  const ids = heads.map(({ id }) => quoted(id)).join(", ");
  const filter = `group in (${groups}) and not id in (${ids})`;
  const sort = [{ column: "rank", descending: false }];
  const path = paths.table({ project, filter, sort, columns, limit: MOST_UNFOLDED, offset: 0 });
  return useData(heads.length ? path : null).value?.rows ?? [];
}
