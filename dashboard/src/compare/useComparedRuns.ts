/** The runs that are compared: the selected ones, else the first ones of the table. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api/client";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { contents, ENVIRONMENT, loadJson } from "../media/contents";
import { isNothing, queryOf } from "../tables/selection";
import type { RunsView } from "../tables/useRunsView";
import { COMPARED_COLUMNS, type ComparedRun } from "./comparison";

/** How many runs are compared if none is selected. */
const FIRST = 5;
const NONE: never[] = [];

export interface ChosenRows {
  rows: RunRow[] | undefined;
  /** How many runs are chosen, and perhaps too many. */
  total: number;
  error: string;
}

/** Returns the chosen runs with `columns`, at most `most`. Without a selection, the `first` ones of the table. */
export function useChosenRows(view: RunsView, columns: string[], most: number, first = most): ChosenRows {
  const { selection, query } = view;
  const isView = isNothing(selection);
  const { project, filter } = isView ? query : queryOf(selection, query);
  const where = isView || selection.isAll ? { shown: query.shown, fold: query.fold } : { shown: "all" as const };
  const page = { sort: query.sort, columns, offset: 0, limit: isView ? first : most };
  const { value, error } = useData(paths.table({ project, filter, ...where, ...page }));
  return { rows: value?.rows, total: isView && first < most ? (value?.rows.length ?? 0) : (value?.total ?? 0), error };
}

/** Returns the chosen runs side by side, with their environments as soon as they are loaded. */
export function useComparedRuns(view: RunsView, most: number): Omit<ChosenRows, "rows"> & { runs: ComparedRun[] } {
  const { rows = NONE, total, error } = useChosenRows(view, COMPARED_COLUMNS, most, FIRST);
  const environments = useEnvironments(rows);
  const runs = useMemo(
    () => rows.map((row) => ({ row, environment: environments.get(row.id) ?? {} })),
    [rows, environments],
  );
  return { runs, total, error };
}

type Environment = Record<string, unknown>;

function useEnvironments(rows: RunRow[]): Map<string, Environment> {
  const [found, setFound] = useState<Map<string, Environment>>(new Map());
  const ids = rows.map((row) => row.id).join();
  useEffect(() => {
    const stop = new AbortController();
    Promise.all(
      ids
        .split(",")
        .filter(Boolean)
        .map((id) => environmentOf(id, stop.signal)),
    ).then(
      (all) => setFound(new Map(all)),
      (error: Error) => {
        if (error.name !== "AbortError") setFound(new Map()); // the page's head says that the server does not answer
      },
    );
    return () => stop.abort();
  }, [ids]);
  return found;
}

async function environmentOf(run: string, signal: AbortSignal): Promise<[string, Environment]> {
  const entries = await get(contents.entries(run, ENVIRONMENT), signal);
  const digest = entries.findLast((entry) => entry.is_stored)?.digest;
  return [run, digest ? await loadJson<Environment>(digest) : {}];
}
