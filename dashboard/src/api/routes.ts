/** The routes of the server's API that the page reads, each with the type of its answer. */

import type { AnswerOf, LinesQuery, QueryOf, Route, RunsPage, RunsQuery, SeriesQuery } from "./types";

/** What to ask the server: an address, followed by a line break and the body if it is a POST. It answers with a `T`. */
export type Path<T> = string & { readonly answer?: T };

type Values = Record<string, string | number | boolean | null | undefined>;

/** Returns a query string with its `?`. Empty values are left out. */
export function query(values: Values): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** Returns the address of a route: its template with `values` in place of the names in braces. */
export function address(route: Route, values: Record<string, string> = {}): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

/** Returns the path of a route that is read with GET. */
export function read<R extends Route>(
  route: R,
  values: Record<string, string> = {},
  parameters: QueryOf<R, "get"> | Record<string, never> = {},
): Path<AnswerOf<R, "get">> {
  return address(route, values) + query(parameters as Values);
}

/** Returns the path of a route that is read with POST, such as a query with a body. */
function readWithBody<R extends Route>(route: R, body: unknown): Path<AnswerOf<R, "post">> {
  return `${address(route)}\n${JSON.stringify(body)}`;
}

export type RunFilter = NonNullable<QueryOf<"/api/runs", "get">>;
export type ValuesFilter = NonNullable<QueryOf<"/api/runs/{run_id}/values", "get">>;
/** Which console lines: some after the `first` ones, of one stream, that contain a text. */
export type LinesFilter = NonNullable<QueryOf<"/api/runs/{run_id}/console/window", "get">>;

/** Returns the owner of the series that describe a run's processes. */
export const processOwner = (run: string) => `process:${run}`;

export const paths = {
  session: () => read("/api/session"),
  projects: () => read("/api/projects"),
  project: (project: string) => read("/api/projects/{project}/page", { project }),
  table: (wanted: RunsQuery) => readWithBody("/api/runs/query", wanted) as Path<RunsPage>,
  runColumns: (wanted: NonNullable<QueryOf<"/api/runs/columns", "get">>) => read("/api/runs/columns", {}, wanted),
  runValues: (wanted: QueryOf<"/api/runs/values", "get">) => read("/api/runs/values", {}, wanted),
  series: (wanted: SeriesQuery) => readWithBody("/api/series/query", wanted),
  buckets: (owner: string, key: string, points: number) =>
    read("/api/series/{owner_id}/buckets", { owner_id: owner }, { key, points }),
  runs: (filter: RunFilter) => read("/api/runs", {}, filter),
  run: (run: string) => read("/api/runs/{run_id}", { run_id: run }),
  console: (run: string, wanted: NonNullable<QueryOf<"/api/runs/{run_id}/console", "get">>) =>
    read("/api/runs/{run_id}/console", { run_id: run }, wanted),
  consoleWindow: (run: string, wanted: LinesFilter) =>
    read("/api/runs/{run_id}/console/window", { run_id: run }, wanted),
  consoleText: (run: string) => address("/api/runs/{run_id}/console/text", { run_id: run }),
  groupConsoleWindow: (project: string, group: string, wanted: LinesFilter) =>
    read("/api/console/window", {}, { project, group, ...wanted }),
  keys: (owner: string) => read("/api/series/{owner_id}", { owner_id: owner }),
  valueKeys: (run: string) => read("/api/runs/{run_id}/value-keys", { run_id: run }),
  values: (run: string, wanted: ValuesFilter) => read("/api/runs/{run_id}/values", { run_id: run }, wanted),
  rejected: () => read("/api/rejected"),
  rejectedRecords: (run: string) => read("/api/runs/{run_id}/rejected-records", { run_id: run }),
  nodes: () => read("/api/nodes"),
  nodesNow: () => read("/api/nodes/now"),
  sweeps: (project?: string) => read("/api/sweeps", {}, project ? { project } : {}),
  sweep: (sweep: string) => read("/api/sweeps/{sweep_id}", { sweep_id: sweep }),
  trials: (sweep: string, since: number | null) =>
    read("/api/sweeps/{sweep_id}/trials/changes", { sweep_id: sweep }, since === null ? {} : { since }),
  importance: (sweep: string, wanted: NonNullable<QueryOf<"/api/sweeps/{sweep_id}/importance", "get">>) =>
    read("/api/sweeps/{sweep_id}/importance", { sweep_id: sweep }, wanted),
  sweepModel: (sweep: string) => read("/api/sweeps/{sweep_id}/model", { sweep_id: sweep }),
  trialModel: (trial: string) => read("/api/trials/{trial_id}/model", { trial_id: trial }),
  agents: (sweep: string) => read("/api/sweeps/{sweep_id}/agents", { sweep_id: sweep }),
};

/** Returns the path of the binary form of chart lines, which `packed.ts` reads. */
export function packedLines(wanted: LinesQuery): string {
  return readWithBody("/api/series/packed", wanted);
}

/** The address of server-sent events that report what changes. Their data is a `Changes`. */
export const LIVE_PATH = address("/api/live");
