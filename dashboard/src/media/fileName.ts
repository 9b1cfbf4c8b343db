/** The names of files for download. Pure functions. */

import type { MediaEntry } from "../api/types";
import { HISTOGRAM, MATRIX, TABLE } from "./contents";

const ENDINGS: Record<string, string> = {
  [TABLE]: "json",
  [HISTOGRAM]: "json",
  [MATRIX]: "json",
  "text/plain": "txt",
  "image/jpeg": "jpg",
  "image/apng": "png",
  "audio/x-wav": "wav",
};

export function fileName(entry: Pick<MediaEntry, "key" | "step" | "index" | "mime">): string {
  return `${entry.key.replace(/[^\w.-]+/g, "_")}-${entry.step}-${entry.index}.${endingOf(entry.mime)}`;
}

function endingOf(mime: string): string {
  const usual = /^[a-z]+\/([a-z0-9]{2,5})$/.exec(mime)?.[1];
  return ENDINGS[mime] ?? usual ?? (mime.endsWith("json") ? "json" : "bin");
}
