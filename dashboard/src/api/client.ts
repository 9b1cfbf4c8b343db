/** Sends requests to the server: reads data, posts actions, and turns failures into errors. */

import { isEmbedded, send } from "../base/embed";
import { type Delta, patched } from "./delta";
import { frames, type SentLine, unpacked } from "./packed";
import { address, type Path, packedLines } from "./routes";
import type {
  AnswerOf,
  LinesQuery,
  Problem,
  ProjectEdit,
  Route,
  RunAction,
  RunChoice,
  RunLabels,
  SweepState,
} from "./types";
import { Versions } from "./versions";

/** The server refused a request. Carries its own message and hint. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** The server does not answer, or the connection broke. */
export class Unreachable extends Error {}

/** Returns the text of an error that the server answered with, and its hint. */
export function errorText(error: unknown): string {
  const { message, hint = "" } = error as Error & { hint?: string };
  return [message, hint].filter(Boolean).join("; ");
}

function reached<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw error.name === "AbortError" ? error : new Unreachable(error.message);
  });
}

async function answered(path: string, init?: RequestInit): Promise<Response> {
  const answer = await reached(send(path, init));
  if (answer.ok || answer.status === NOT_MODIFIED) return answer;
  const text = await reached(answer.text());
  if (answer.status === 401 && !isEmbedded) location.reload(); // the session is over: the login page says what to do
  let problem: Pick<Problem, "message" | "hint"> = { message: `the server answered ${answer.status}`, hint: "" };
  try {
    problem = { ...problem, ...(JSON.parse(text) as Problem) };
  } catch {
    // a proxy in between does not answer with JSON: only its status is known
  }
  throw new Refusal(answer.status, problem.message, problem.hint);
}

const POST = { method: "POST", headers: { "Content-Type": "application/json" } };
/** Statuses of an answer that the page has, and of one that is a delta. */
const NOT_MODIFIED = 304;
const IM_USED = 226;
const DELTA = "json-delta";

function open(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  const [place = "", body] = path.split("\n", 2);
  const init = body === undefined ? { headers } : { ...POST, body, headers: { ...POST.headers, ...headers } };
  return answered(place, { ...init, ...(signal ? { signal } : {}) });
}

export async function get<T>(path: Path<T>, signal?: AbortSignal): Promise<T> {
  const answer = await open(path, signal);
  return (await reached(answer.json())) as T;
}

const versions = new Versions();

/**
 * Returns an answer that is asked for again and again: the server sends only what has changed.
 *
 * What has not changed is the same object as before. Nobody may change it.
 */
export async function getAgain<T>(path: Path<T>, signal?: AbortSignal): Promise<T> {
  const known = versions.find(path);
  const answer = await open(path, signal, { "A-IM": DELTA, ...(known ? { "If-None-Match": known.tag } : {}) });
  if (known && answer.status === NOT_MODIFIED) return known.value as T;
  const sent = await reached(answer.json());
  const value = known && answer.status === IM_USED ? patched(known.value, sent as Delta) : sent;
  versions.keep(path, answer.headers.get("ETag"), value);
  return value as T;
}

async function post<R extends Route>(
  route: R,
  values: Record<string, string>,
  body?: unknown,
): Promise<AnswerOf<R, "post">> {
  const init = body === undefined ? POST : { ...POST, body: JSON.stringify(body) };
  const answer = await answered(address(route, values), init);
  return JSON.parse(await reached(answer.text())) as AnswerOf<R, "post">;
}

export const actions = {
  setSweepState: (sweep: string, state: SweepState) =>
    post("/api/sweeps/{sweep_id}/state", { sweep_id: sweep }, { state }),
  updateSweep: (sweep: string, config: Record<string, unknown>) =>
    post("/api/sweeps/{sweep_id}/update", { sweep_id: sweep }, { config }),
  enqueue: (sweep: string, params: Record<string, unknown>) =>
    post("/api/sweeps/{sweep_id}/trials", { sweep_id: sweep }, { params }),
  label: (run: string, labels: RunLabels) => post("/api/runs/{run_id}/labels", { run_id: run }, labels),
  editProject: (project: string, edit: ProjectEdit) => post("/api/projects/{project}/page", { project }, edit),
  changeRuns: (choice: RunChoice, action: RunAction) => post("/api/runs/change", {}, { choice, action }),
  renameRuns: (choice: RunChoice, to_name: string) =>
    post("/api/runs/change", {}, { choice, action: "rename", to_name }),
  stopTrial: (trial: string) => post("/api/trials/{trial_id}/stop", { trial_id: trial }),
  retryTrial: (trial: string) => post("/api/trials/{trial_id}/retry", { trial_id: trial }),
  retryFailed: (sweep: string) => post("/api/sweeps/{sweep_id}/retry", { sweep_id: sweep }, { error: "" }),
  logOut: () => post("/api/logout", {}),
};

/**
 * Reads chart lines as they arrive.
 *
 * Calls `take` with some of them at a time, in the order of the query, and with the index of the first of them.
 */
export async function getLines(wanted: LinesQuery, take: (first: number, lines: SentLine[]) => void): Promise<void> {
  const { body } = await open(packedLines(wanted));
  let first = 0;
  for await (const frame of body ? frames(body) : []) {
    const lines = unpacked(frame, wanted.lines.slice(first));
    take(first, lines);
    first += lines.length;
  }
  if (first < wanted.lines.length) throw new Unreachable("the response ended too early");
}
