/** The text files that runs keep in their artifacts. */

import { useEffect, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { isEmbedded, send } from "../base/embed";
import { contents } from "../media/contents";
import { isTextFile } from "./textDiff";

export interface TextFile {
  /** The id of the run. */
  run: string;
  digest: string;
  path: string;
  /** Tells the file from those of other runs and artifacts. */
  name: string;
  /** Whether it is of the program's code: of an artifact of the kind `code`, or a patch. */
  isCode: boolean;
}

const PATCH = /\.(patch|diff)$/i;

/** Returns the text files of the artifacts that these runs made; undefined until they are known. */
export function useTextFiles(runs: { id: string; name: string }[]): TextFile[] | undefined {
  const [files, setFiles] = useState<TextFile[]>();
  const ids = runs.map(({ id }) => id).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ids` stands for the runs
  useEffect(() => {
    const stop = new AbortController();
    Promise.all(runs.map((run) => filesOf(run, stop.signal))).then(
      (all) => setFiles(all.flat()),
      (error: Error) => {
        if (error instanceof Refusal) setFiles([]); // a run was deleted meanwhile
      },
    );
    return () => stop.abort();
  }, [ids]);
  return files;
}

async function filesOf({ id, name }: { id: string; name: string }, signal: AbortSignal): Promise<TextFile[]> {
  const uses = await get(contents.uses(id), signal);
  const all = await Promise.all(
    uses.map(async ({ artifact }) => {
      const files = await get(contents.files(artifact.id), signal);
      return files
        .filter((file) => file.is_stored && isTextFile(file.path, file.size_bytes))
        .map(({ digest, path }) => ({
          ...{ run: id, digest, path },
          name: `${name} · ${artifact.name}:v${artifact.version} · ${path}`,
          isCode: artifact.kind === "code" || PATCH.test(path),
        }));
    }),
  );
  return all.flat();
}

/** Returns a stored text. */
export async function storedText(digest: string): Promise<string> {
  const answer = await send(contents.blob(digest));
  if (answer.ok) return answer.text();
  throw new Error(`the server answered ${answer.status}${isEmbedded ? "" : "; the file may have been deleted"}`);
}
