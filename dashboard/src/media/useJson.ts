/** The content of JSON blobs on the server. */

import { useEffect, useState } from "preact/hooks";
import { loadJson } from "./contents";

export interface Loaded<T> {
  value?: T;
  error?: string;
}

/** Returns the content with this digest once it is loaded. */
export function useJson<T>(digest: string): Loaded<T> {
  const [found, setFound] = useState<Loaded<T> & { of: string }>({ of: "" });
  useEffect(() => {
    let isOver = false;
    loadJson<T>(digest).then(
      (value) => isOver || setFound({ of: digest, value }),
      (error: Error) => isOver || setFound({ of: digest, error: error.message }),
    );
    return () => {
      isOver = true;
    };
  }, [digest]);
  return found.of === digest ? found : {};
}

const NONE: never[] = [];

/** Returns the contents with these digests once all of them are loaded; none if one of them is gone. */
export function useAllJson<T>(digests: string[]): T[] {
  const [found, setFound] = useState<T[]>(NONE);
  const signature = digests.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `signature` stands for the digests
  useEffect(() => {
    let isOver = false;
    Promise.all(digests.map((digest) => loadJson<T>(digest))).then(
      (all) => isOver || setFound(all),
      () => isOver || setFound(NONE), // the blob was deleted after the list was read: the next list does not contain it
    );
    return () => {
      isOver = true;
    };
  }, [signature]);
  return found;
}
