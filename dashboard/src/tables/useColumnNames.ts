/** Names of columns that contain a text, of all runs of a project: also of those that the page has not loaded. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useRested } from "../base/rested";

const MOST = 50;
const NONE: string[] = [];

/** Sends no request unless `isActive`. Without a project, columns of all projects are searched. */
export function useColumnNames(project: string, search: string, isActive: boolean): string[] {
  const asked = useRested(search);
  const path = paths.runColumns({ ...(project ? { project } : {}), search: asked, limit: MOST });
  return useData(isActive ? path : null).value ?? NONE;
}
