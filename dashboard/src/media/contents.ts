/** Media and artifacts as the server has them: what its answers hold, where they are asked for, and their contents. */

import { get, type Path, query } from "../api/client";

export interface MediaEntry {
  id: number;
  key: string;
  step: number;
  time: number;
  rank: number;
  digest: string;
  size_bytes: number;
  mime: string;
  caption: string;
  index: number;
  is_stored: boolean;
}

export interface MediaKey {
  key: string;
  mime: string;
  count: number;
  first_step: number;
  last_step: number;
}

export interface ArtifactFile {
  path: string;
  digest: string;
  size_bytes: number;
  is_stored: boolean;
}

export interface Artifact {
  id: string;
  project: string;
  name: string;
  version: number;
  kind: string;
  size_bytes: number;
  metadata: Record<string, unknown>;
  aliases: string[];
  created: number;
  run: string | null;
  is_stored: boolean;
}

export interface ArtifactUse {
  role: "output" | "input";
  time: number;
  artifact: Artifact;
}

export const TABLE = "application/vnd.lightning-sweeps.table+json";
export const HISTOGRAM = "application/vnd.lightning-sweeps.histogram+json";
export const MATRIX = "application/vnd.lightning-sweeps.confusion-matrix+json";

/** The key under which a fit's rank 0 says what the run was made with. */
export const SURROUNDINGS = "surroundings";

export const MOST_ENTRIES = 10_000;
/** Contents follow their rows, and nobody tells when they are here: so often the list is asked for while one lacks. */
export const LACKING_MS = 3000;

const id = encodeURIComponent;

export const contents = {
  keys: (run: string): Path<MediaKey[]> => `/api/runs/${id(run)}/media/keys`,
  entries: (run: string, key: string): Path<MediaEntry[]> =>
    `/api/runs/${id(run)}/media${query({ key, limit: MOST_ENTRIES })}`,
  uses: (run: string): Path<ArtifactUse[]> => `/api/runs/${id(run)}/artifacts`,
  versions: (project: string, name: string): Path<Artifact[]> => `/api/artifacts${query({ project, name })}`,
  files: (artifact: string): Path<ArtifactFile[]> => `/api/artifacts/${id(artifact)}/files`,
  blob: <T>(digest: string, mime = "", name = ""): Path<T> => `/api/blobs/${id(digest)}${query({ mime, name })}`,
};

const MOST_KEPT = 500;
const kept = new Map<string, Promise<unknown>>();

/** Returns a content that is JSON; the same is asked for once. */
export function loadJson<T>(digest: string): Promise<T> {
  const known = kept.get(digest);
  if (known) return known as Promise<T>;
  const asked = get(contents.blob<T>(digest));
  kept.set(digest, asked);
  asked.catch(() => kept.delete(digest));
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return asked;
}
