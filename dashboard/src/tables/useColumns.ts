/** Which columns the runs table shows, held in the page's address. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useListParam } from "../base/router";
import { firstColumns, keysOf, SPARK } from "./columns";

/** How many runs are read to find out which metrics and parameters there are. */
const SAMPLE = 60;
const ALWAYS = [
  ...["name", "state", "reason", "group", "rank", "world_size", "project", "rows", "created", "duration"],
];

export interface ColumnView {
  /** The columns of metrics and configuration that there are. */
  keys: string[];
  shown: string[];
  setShown: (ids: string[]) => void;
  pinned: string[];
  setPinned: (ids: string[]) => void;
  /** The columns in the query for the server. */
  asked: string[];
}

export function useColumns(project: string, isFolded: boolean): ColumnView {
  const [chosen, setShown] = useListParam("columns", "|");
  const [pinned, setPinned] = useListParam("pin", "|");
  const sample = useData(paths.runs({ project, limit: SAMPLE })).value?.runs;
  const keys = useMemo(() => keysOf(sample ?? []), [sample]);
  const shown = chosen.length ? chosen : firstColumns(keys);
  const bare = shown.map((id) => id.replace(SPARK, ""));
  const asked = [...new Set([...ALWAYS, ...bare, ...(isFolded ? ["group_state", "group_size"] : [])])];
  return { keys, shown, setShown, pinned, setPinned, asked };
}
