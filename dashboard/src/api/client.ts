/** The server's API: what its answers hold and where they are asked for. Nothing else of the page knows a route. */

import { frames, type HeldLine, type SentLine, unpacked } from "./packed";

import { isEmbedded, send } from "../base/embed";

export type SweepState = "running" | "paused" | "stopped" | "cancelled" | "finished";
export type TrialState =
  | "pending"
  | "leased"
  | "running"
  | "stopping"
  | "finished"
  | "stopped"
  | "failed"
  | "lost"
  | "preempted";

export interface Run {
  id: string;
  project: string;
  name: string;
  group: string;
  rank: number;
  world_size: number;
  attempt: number;
  mode: string;
  job_type: string;
  state: string;
  reason: string;
  exit_code: number | null;
  signal: number | null;
  host: string;
  node: string;
  config: Record<string, unknown>;
  summary: Record<string, unknown>;
  tags: string[];
  notes: string;
  sweep: string | null;
  trial: string | null;
  created: number;
  updated: number;
  ended: number | null;
  rows: number;
  user: string;
  command: string[];
  /** The GPUs it was given, as CUDA_VISIBLE_DEVICES named them. */
  gpus: string[];
}

export interface RunList {
  runs: Run[];
  total: number;
}

export interface SeriesInfo {
  key: string;
  count: number;
  first_step: number;
  last_step: number;
  last: number | string | null;
  minimum: number | null;
  maximum: number | null;
  mean: number | null;
}

export interface Bucket {
  step: number;
  time: number;
  minimum: number | null;
  maximum: number | null;
  mean: number | null;
  last: number | null;
  count: number;
  nonfinite: number;
}

/** One series with both its steps and its times. */
export interface Series {
  owner: string;
  key: string;
  count: number;
  buckets: Bucket[];
}

/** Several series drawn as one. */
export interface GroupColumns {
  group: string;
  members: number;
  x: number[];
  mean: (number | null)[];
  median: (number | null)[];
  deviation: (number | null)[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  counts: number[];
}

export interface SeriesQuery {
  lines: { owner: string; key: string; group?: string }[];
  x: string;
  low: number | null;
  high: number | null;
  points: number;
}

export interface LinesQuery extends Omit<SeriesQuery, "lines"> {
  lines: HeldLine[];
}

export interface SeriesAnswer {
  groups: GroupColumns[];
}

export interface RunsQuery {
  project: string | null;
  filter: string;
  sort: { column: string; descending: boolean }[];
  columns: string[];
  limit: number;
  offset: number;
  /** One row a group, its lowest rank, of every group of which the filter chooses any run. */
  fold?: boolean;
}

export type RunRow = Record<string, unknown> & { id: string };

export interface RunsPage {
  rows: RunRow[];
  total: number;
}

export interface Change {
  id: string;
  changed: number;
}

/** What was written since the page last heard. */
export interface Changes {
  cursor: number;
  runs: { id: string; project: string; state: string; rows: number }[];
  sweeps: Change[];
  nodes: Change[];
  is_cut: boolean;
}

export interface ConsoleLine {
  time: number;
  stream: string;
  line: string;
  id: number;
  run: string;
  rank: number;
}

/** `last` lines, of a stream, that hold a text, or half before and half behind a line's id. */
export interface LinesWanted {
  last: number;
  stream?: string;
  find?: string;
  around?: number;
}

/** A GPU of a node; `place`: `1`, or `1:0` for the first part of it where MIG divides it. */
export interface NodeGpu {
  place: string;
  uuid: string;
  name: string;
  memory_bytes: number;
}

export interface Node {
  id: string;
  host: string;
  cpu_count: number;
  memory_bytes: number;
  gpus: string[];
  devices: NodeGpu[];
  seen: number;
}

/** A run that goes on at a node; `values`: the newest sample of its processes, by key. */
export interface NodeRun {
  id: string;
  project: string;
  name: string;
  group: string;
  rank: number;
  world_size: number;
  user: string;
  sweep: string | null;
  trial: string | null;
  created: number;
  gpus: string[];
  values: Record<string, number>;
}

export interface NodeAgent {
  agent: Agent;
  sweep_name: string;
  trial_number: number | null;
  trial_since: number | null;
  lease_expires: number | null;
}

/** A node and what goes on there; of a machine without a service only the agents are known. */
export interface NodeStatus {
  node: Node;
  values: Record<string, number>;
  runs: NodeRun[];
  agents: NodeAgent[];
}

export interface Trial {
  id: string;
  sweep: string;
  number: number;
  state: TrialState;
  params: Record<string, unknown>;
  attempt: number;
  agent: string | null;
  objective: number | null;
  last_objective: number | null;
  reports: number;
  reason: string;
  exit_code: number | null;
  stderr_tail: string;
  created: number;
  started: number | null;
  ended: number | null;
}

/** A sweep's trials that were written since a cursor, and the next one. */
export interface TrialChanges {
  cursor: number;
  trials: Trial[];
}

export interface Sweep {
  id: string;
  project: string;
  name: string;
  description: string;
  state: SweepState;
  reason: string;
  method: string;
  metric: string | null;
  goal: "minimize" | "maximize";
  config: Record<string, unknown>;
  run_cap: number | null;
  created: number;
  ended: number | null;
  counts: Partial<Record<TrialState, number>>;
  best: Trial | null;
}

export interface Agent {
  id: string;
  sweep: string;
  host: string;
  node: string;
  pid: number;
  slot: number;
  gpus: string[];
  state: "idle" | "working" | "gone" | "lost";
  trial: string | null;
  trials_done: number;
  registered: number;
  seen: number;
}

export interface Session {
  name: string;
  version: string;
  role: "read" | "write" | "admin";
}

/** What is asked of the API, its answer a `T`: a path; and behind a line break the body, where it is a POST. */
export type Path<T> = string & { readonly answer?: T };

export function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

const id = encodeURIComponent;

/** Returns under which owner the series of a run's processes are. */
export const processOf = (run: string) => `process:${run}`;

export interface RunFilter {
  project?: string;
  group?: string;
  sweep?: string;
  trial?: string;
  state?: string;
  limit?: number;
  offset?: number;
}

export const paths = {
  session: (): Path<Session> => "/api/session",
  projects: (): Path<string[]> => "/api/projects",
  table: (wanted: RunsQuery): Path<RunsPage> => `/api/runs/query\n${JSON.stringify(wanted)}`,
  series: (wanted: SeriesQuery): Path<SeriesAnswer> => `/api/series/query\n${JSON.stringify(wanted)}`,
  buckets: (owner: string, key: string, points: number): Path<Series> =>
    `/api/series/${id(owner)}/buckets${query({ key, points })}`,
  runs: (filter: RunFilter): Path<RunList> => `/api/runs${query({ ...filter })}`,
  run: (run: string): Path<Run> => `/api/runs/${id(run)}`,
  console: (run: string, wanted: LinesWanted): Path<ConsoleLine[]> =>
    `/api/runs/${id(run)}/console${query({ ...wanted })}`,
  groupConsole: (project: string, group: string, wanted: LinesWanted): Path<ConsoleLine[]> =>
    `/api/console${query({ project, group, ...wanted })}`,
  keys: (owner: string): Path<SeriesInfo[]> => `/api/series/${id(owner)}`,
  nodes: (): Path<Node[]> => "/api/nodes",
  nodesNow: (): Path<NodeStatus[]> => "/api/nodes/now",
  sweeps: (project?: string): Path<Sweep[]> => `/api/sweeps${query({ project })}`,
  sweep: (sweep: string): Path<Sweep> => `/api/sweeps/${id(sweep)}`,
  trials: (sweep: string, since: number | null): Path<TrialChanges> =>
    `/api/sweeps/${id(sweep)}/trials/changes${query({ since })}`,
  agents: (sweep: string): Path<Agent[]> => `/api/sweeps/${id(sweep)}/agents`,
};

/** The server's refusal, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** There is no server, or the way to it broke. */
export class Unreachable extends Error {}

function reached<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw error.name === "AbortError" ? error : new Unreachable(error.message);
  });
}

async function answered(path: string, init?: RequestInit): Promise<Response> {
  const answer = await reached(send(path, init));
  if (answer.ok) return answer;
  const text = await reached(answer.text());
  if (answer.status === 401 && !isEmbedded) location.reload(); // the session is over: the server's login page says what to do
  let said = { message: `the server answered ${answer.status}`, hint: "" };
  try {
    said = { ...said, ...JSON.parse(text) };
  } catch {
    // an answer of a proxy in between is no JSON: its status is all there is to say
  }
  throw new Refusal(answer.status, said.message, said.hint);
}

async function request(path: string, init?: RequestInit): Promise<string> {
  return reached((await answered(path, init)).text());
}

const POST: RequestInit = { method: "POST", headers: { "Content-Type": "application/json" } };

/** Returns the answer's text, so that an unchanged one need not be parsed. */
export function getText<T>(path: Path<T>, signal?: AbortSignal): Promise<string> {
  const [place, body] = path.split("\n", 2);
  return request(place!, { ...(body === undefined ? {} : { ...POST, body }), ...(signal ? { signal } : {}) });
}

export async function get<T>(path: Path<T>, signal?: AbortSignal): Promise<T> {
  return JSON.parse(await getText(path, signal)) as T;
}

async function post<T>(path: Path<T>, body?: unknown): Promise<T> {
  return JSON.parse(await request(path, body === undefined ? POST : { ...POST, body: JSON.stringify(body) })) as T;
}

export const actions = {
  setSweepState: (sweep: string, state: SweepState) => post<Sweep>(`${paths.sweep(sweep)}/state`, { state }),
  updateSweep: (sweep: string, config: Record<string, unknown>) =>
    post<Sweep>(`${paths.sweep(sweep)}/update`, { config }),
  enqueue: (sweep: string, params: Record<string, unknown>) => post<Trial>(`${paths.sweep(sweep)}/trials`, { params }),
  label: (run: string, labels: { tags?: string[]; notes?: string }) => post<Run>(`${paths.run(run)}/labels`, labels),
  stopTrial: (trial: string) => post<Trial>(`/api/trials/${id(trial)}/stop`),
  logOut: () => post<object>("/api/logout"),
};

/** Calls `take` with the wanted lines, in the order asked, some at a time as they come; `first`: which the first of them is. */
export async function getLines(wanted: LinesQuery, take: (first: number, lines: SentLine[]) => void): Promise<void> {
  const answer = await answered("/api/series/packed", { ...POST, body: JSON.stringify(wanted) });
  let first = 0;
  for await (const frame of frames(answer.body!)) {
    const lines = unpacked(frame, wanted.lines.slice(first));
    take(first, lines);
    first += lines.length;
  }
  if (first < wanted.lines.length) throw new Unreachable("the answer broke off");
}

/** Where the server tells what changes, as server-sent events whose data is a `Changes`. */
export const LIVE_PATH = "/api/live";
