/** The runs of a panel. */

import { type Data, useData } from "../api/data";
import { type Path, paths } from "../api/routes";
import type { RunsPage } from "../api/types";
import type { PanelText } from "./panels";

/** Returns the first runs that a panel asks for, with these columns. */
export function useRunRows(panel: PanelText, columns: string[]): Data<RunsPage> {
  return useData(rowsPath(panel, columns));
}

/** Returns the path of the first runs that a panel asks for. */
export function rowsPath({ project, filter, sort, runs }: PanelText, columns: string[]): Path<RunsPage> {
  const isDown = sort.startsWith("-");
  const order = [{ column: isDown ? sort.slice(1) : sort, descending: isDown }];
  return paths.table({ project, filter, sort: order, columns, limit: runs, offset: 0 });
}

/** Returns the table of runs with the same filter. */
export function runsAddress({ project, filter, sort }: PanelText, more: Record<string, string> = {}): string {
  return `/runs?${new URLSearchParams({ project, find: filter, sort, ...more })}`;
}
