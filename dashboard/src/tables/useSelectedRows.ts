/** Reads some columns of the selected runs, wherever they are: active, in the archive or in the trash. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { queryOf } from "./selection";
import type { RunsView } from "./useRunsView";

/** The largest page of the server. */
export const MOST_SELECTED = 1000;

/** Returns the selected runs with `columns`, at most `MOST_SELECTED`; undefined until they are known. */
export function useSelectedRows({ selection, query }: RunsView, columns: string[]): RunRow[] | undefined {
  const { isAll } = selection;
  const page = { sort: [], columns, limit: MOST_SELECTED, offset: 0 };
  const where = isAll ? { shown: query.shown, fold: query.fold } : { shown: "all" as const };
  return useData(paths.table({ ...queryOf(selection, query), ...page, ...where })).value?.rows;
}
