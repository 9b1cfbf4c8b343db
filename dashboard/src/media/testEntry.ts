/** Media entries for tests. */

import type { MediaEntry } from "../api/types";

export function entry(step: number, more: Partial<MediaEntry> = {}): MediaEntry {
  return {
    ...{ id: step, key: "k", step, time: 0, rank: 0, digest: `d${step}`, size_bytes: 1, mime: "image/png" },
    ...{ caption: "", index: 0, is_stored: true },
    ...more,
  };
}
