/** What changed in the code from one of the compared runs to another: the commits, and each stored file that differs. */

import { useMemo } from "preact/hooks";
import { Command } from "../base/Command";
import { useParam } from "../base/router";
import { Section } from "../base/Section";
import { type CodeChange, codeChanges, gitCommand } from "./codeChanges";
import type { TextFile } from "./runFiles";
import { TextDiff } from "./TextDiff";

/** A run with the commit that it ran at; empty if that is not known. */
export interface CodeRun {
  id: string;
  name: string;
  commit: string;
}

interface Props {
  runs: CodeRun[];
  /** The text files of these runs; undefined until they are known. */
  files: TextFile[] | undefined;
  isSplit: boolean;
}

export function CodeChanges({ runs, files, isSplit }: Props) {
  const [first, setFirst] = useParam("from", runs[0]?.id);
  const [second, setSecond] = useParam("to", runs[1]?.id);
  const [before, after] = [first, second].map((id) => runs.find((run) => run.id === id));
  const changes = useMemo(() => {
    const codeOf = (id: string) => (files ?? []).filter((file) => file.run === id && file.isCode);
    return codeChanges(codeOf(first), codeOf(second));
  }, [files, first, second]);
  if (runs.length < 2) return null;
  return (
    <Section title="Code" note="what changed from one run to another">
      <div class="toolbar">
        <RunChoice label="from" runs={runs} value={first} onChange={setFirst} />
        <RunChoice label="to" runs={runs} value={second} onChange={setSecond} />
      </div>
      <Commits before={before?.commit ?? ""} after={after?.commit ?? ""} />
      {files && <Stored files={files} ids={[first, second]} count={changes.length} />}
      {changes.map((change) => (
        <ChangedFile key={change.path} change={change} isSplit={isSplit} />
      ))}
    </Section>
  );
}

interface ChoiceProps {
  label: string;
  runs: CodeRun[];
  value: string;
  onChange: (id: string) => void;
}

function RunChoice({ label, runs, value, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {runs.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Commits({ before, after }: { before: string; after: string }) {
  const command = gitCommand(before, after);
  if (command) return <Command>{command}</Command>;
  if (before && before === after) return <p class="soft">Both ran at the commit {before}.</p>;
  return <p class="soft">{before || after ? "The commit of one of them" : "Their commit"} is not known.</p>;
}

function Stored({ files, ids, count }: { files: TextFile[]; ids: string[]; count: number }) {
  const without = ids.filter((id) => !files.some((file) => file.run === id && file.isCode)).length;
  if (without === ids.length)
    return (
      <p class="soft">
        Neither run has stored its code. Call <code>log_code()</code> in the program to see changes here.
      </p>
    );
  return <p class="soft">{count ? `${count} stored files differ.` : "All stored files are the same."}</p>;
}

function ChangedFile({ change: { path, kind, before, after }, isSplit }: { change: CodeChange; isSplit: boolean }) {
  return (
    <details class="code-change" open>
      <summary>
        <span class="mono">{path}</span> <span class="soft">{kind}</span>
      </summary>
      <TextDiff {...{ before, after }} isSplit={isSplit && kind === "changed"} />
    </details>
  );
}
