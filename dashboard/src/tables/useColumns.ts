/** Which columns the runs table shows, held in the page's address. */

import { useMemo } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useListParam } from "../base/router";
import { firstColumns, keysOf, SPARK } from "./columns";

/** How many runs are read to find out which metrics and parameters there are. */
const SAMPLE = 60;
const ALWAYS = [
  ...["name", "state", "reason", "group", "rank", "world_size", "project", "rows", "created", "duration", "user"],
];

export interface ColumnView {
  /** The columns of metrics and configuration that there are. */
  keys: string[];
  /** The project's own metric; empty if it has none. */
  metric: string;
  /** Whether the columns are chosen in the address. Otherwise they are those of the project, or the usual ones. */
  isChosen: boolean;
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
  const page = useData(project ? paths.project(project) : null).value;
  const usual = page?.columns.length ? page.columns : firstColumns(keys, page?.metric);
  const shown = chosen.length ? chosen : usual;
  const bare = shown.map((id) => id.replace(SPARK, ""));
  const asked = [...new Set([...ALWAYS, ...bare, ...(isFolded ? ["group_state", "group_size"] : [])])];
  return { keys, metric: page?.metric ?? "", isChosen: chosen.length > 0, shown, setShown, pinned, setPinned, asked };
}
