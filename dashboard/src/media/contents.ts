/** Media and artifacts on the server: their routes and their contents. */

import { get } from "../api/client";
import { address, type Path, query, read } from "../api/routes";

export const TABLE = "application/vnd.lightning-sweeps.table+json";
export const HISTOGRAM = "application/vnd.lightning-sweeps.histogram+json";
export const MATRIX = "application/vnd.lightning-sweeps.confusion-matrix+json";

/** The media key under which rank 0 logs the run's environment: command, commit and versions. */
export const ENVIRONMENT = "environment";

export const MOST_ENTRIES = 10_000;
/** How often a list is read again while a blob is missing. Blobs arrive after their rows, without an event. */
export const MISSING_MS = 3000;

export const contents = {
  keys: (run: string) => read("/api/runs/{run_id}/media/keys", { run_id: run }),
  entries: (run: string, key: string) =>
    read("/api/runs/{run_id}/media", { run_id: run }, { key, limit: MOST_ENTRIES }),
  uses: (run: string) => read("/api/runs/{run_id}/artifacts", { run_id: run }),
  versions: (project: string, name: string) => read("/api/artifacts", {}, { project, name }),
  files: (artifact: string) => read("/api/artifacts/{artifact_id}/files", { artifact_id: artifact }),
  blob: <T>(digest: string, mime = "", name = ""): Path<T> =>
    address("/api/blobs/{digest}", { digest }) + query({ mime, name }),
};

const MOST_KEPT = 500;
const kept = new Map<string, Promise<unknown>>();

/** Returns the content of a JSON blob. The same blob is read once. */
export function loadJson<T>(digest: string): Promise<T> {
  const known = kept.get(digest);
  if (known) return known as Promise<T>;
  const asked = get(contents.blob<T>(digest));
  kept.set(digest, asked);
  asked.catch(() => kept.delete(digest));
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return asked;
}
