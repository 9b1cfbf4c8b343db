/** Reads some columns of the selected runs, wherever they are: active, in the archive or in the trash. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { quoted } from "../base/filter";

/** Returns the selected runs with `columns`; undefined until they are known. */
export function useSelectedRows(selected: string[], columns: string[]): RunRow[] | undefined {
  const filter = `id in (${selected.map(quoted).join(", ")})`;
  const wanted = { project: null, filter, sort: [], columns, limit: selected.length, offset: 0, shown: "all" as const };
  return useData(paths.table(wanted)).value?.rows;
}
