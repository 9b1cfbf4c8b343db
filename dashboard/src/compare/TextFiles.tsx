/** Two text files of the compared runs, and what differs between them. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get, Refusal } from "../api/client";
import { isEmbedded, send } from "../base/embed";
import { Failure } from "../base/Failure";
import { useParam } from "../base/router";
import { Section } from "../base/Section";
import { contents } from "../media/contents";
import { diffLines, isTextFile } from "./textDiff";

interface TextFile {
  digest: string;
  name: string;
}

export function TextFiles({ runs }: { runs: { id: string; name: string }[] }) {
  const files = useTextFiles(runs);
  const [first, setFirst] = useParam("before");
  const [second, setSecond] = useParam("after");
  if (!files.length) return null;
  return (
    <Section title="Text files" note={String(files.length)}>
      <div class="toolbar">
        <FileChoice label="from" files={files} value={first} onChange={setFirst} />
        <FileChoice label="to" files={files} value={second} onChange={setSecond} />
      </div>
      {first && second && <Difference before={first} after={second} />}
    </Section>
  );
}

interface ChoiceProps {
  label: string;
  files: TextFile[];
  value: string;
  onChange: (digest: string) => void;
}

function FileChoice({ label, files, value, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">choose a file</option>
        {files.map(({ digest, name }) => (
          <option key={name} value={digest}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Returns the text files of these runs' artifacts. */
function useTextFiles(runs: { id: string; name: string }[]): TextFile[] {
  const [files, setFiles] = useState<TextFile[]>([]);
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
        .map(({ digest, path }) => ({ digest, name: `${name} · ${artifact.name}:v${artifact.version} · ${path}` }));
    }),
  );
  return all.flat();
}

function Difference({ before, after }: { before: string; after: string }) {
  const [texts, setTexts] = useState<[string, string] | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let isOver = false;
    setError("");
    Promise.all([textOf(before), textOf(after)]).then(
      (found) => isOver || setTexts(found),
      (problem: Error) => isOver || setError(problem.message),
    );
    return () => {
      isOver = true;
    };
  }, [before, after]);
  const lines = useMemo(() => (texts ? diffLines(...texts) : []), [texts]);
  if (error) return <Failure error={error} />;
  if (!texts) return null;
  if (!lines.length) return <p class="empty">These files are the same.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <pre class="text-diff" tabIndex={0}>
      {lines.map(({ kind, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name
        <span key={at} class={kind}>
          {text}
        </span>
      ))}
    </pre>
  );
}

async function textOf(digest: string): Promise<string> {
  const answer = await send(contents.blob(digest));
  if (answer.ok) return answer.text();
  throw new Error(`the server answered ${answer.status}${isEmbedded ? "" : "; the file may have been deleted"}`);
}
