/** Which runs are selected: some, or all that a view shows except some. Pure functions. */

import type { RunChoice } from "../api/types";
import { quoted } from "../base/filter";
import { toggled } from "../base/router";

export interface Selection {
  /** Whether all runs of the view are selected, however many there are, and whenever they appear. */
  isAll: boolean;
  /** The selected runs; if all are selected, those that are not. */
  ids: string[];
}

export const NOTHING: Selection = { isAll: false, ids: [] };
export const EVERYTHING: Selection = { isAll: true, ids: [] };
/** Stands for all runs of the view in the address, before the ids of those that are not selected. */
const ALL = "*";

/** Reads a selection from its form in the address: `a,b`, or `*,c` for all but `c`. */
export function selectionOf(list: string[]): Selection {
  return list[0] === ALL ? { isAll: true, ids: list.slice(1) } : { isAll: false, ids: list };
}

export function selectionList({ isAll, ids }: Selection): string[] {
  return isAll ? [ALL, ...ids] : ids;
}

export function isSelected({ isAll, ids }: Selection, id: string): boolean {
  return ids.includes(id) !== isAll;
}

export function isNothing({ isAll, ids }: Selection): boolean {
  return !isAll && !ids.length;
}

export function inverted({ isAll, ids }: Selection): Selection {
  return { isAll: !isAll, ids };
}

/** Returns the selection with one run selected, or no longer selected. */
export function withToggled({ isAll, ids }: Selection, id: string): Selection {
  return { isAll, ids: toggled(ids, id) };
}

/** Returns the selection with some runs selected, or no longer selected. */
export function withRange(before: Selection, range: string[], isOn: boolean): Selection {
  const others = before.ids.filter((id) => !range.includes(id));
  return { ...before, ids: isOn === before.isAll ? others : [...others, ...range] };
}

/** Returns how many runs are selected. `total`: how many the view shows; undefined until it is known. */
export function selectedCount({ isAll, ids }: Selection, total: number | undefined): number | undefined {
  if (!isAll) return ids.length;
  return total === undefined ? undefined : Math.max(0, total - ids.length);
}

/** What a view shows of the runs. */
export interface Shown {
  project: string | null;
  filter: string;
}

/** Returns which runs are selected, as a query has it. */
export function queryOf({ isAll, ids }: Selection, view: Shown): Shown {
  const list = ids.map(quoted).join(", ");
  if (!isAll) return { project: null, filter: `id in (${list})` };
  const parts = [view.filter && `(${view.filter})`, ids.length ? `not id in (${list})` : ""].filter(Boolean);
  return { project: view.project, filter: parts.join(" and ") };
}

const PLACES: Record<string, string> = {
  active: "archived = null and deleted = null",
  archived: "archived != null and deleted = null",
  deleted: "deleted != null",
};

/** Returns which runs are selected, as a change has it. `place`: where the view looks for runs. */
export function choiceOf(selection: Selection, view: Shown, place: string): RunChoice {
  if (!selection.isAll) return { ids: selection.ids };
  const { project, filter } = queryOf(selection, view);
  return { project, filter: [filter, PLACES[place]].filter(Boolean).join(" and ") };
}
