/** Two text files of the compared runs, and what differs between them. */

import { useParam } from "../base/router";
import { Section } from "../base/Section";
import type { TextFile } from "./runFiles";
import { TextDiff } from "./TextDiff";

export function TextFiles({ files, isSplit }: { files: TextFile[]; isSplit: boolean }) {
  const [first, setFirst] = useParam("before");
  const [second, setSecond] = useParam("after");
  if (!files.length) return null;
  return (
    <Section title="Text files" note={String(files.length)}>
      <div class="toolbar">
        <FileChoice label="file" files={files} value={first} onChange={setFirst} />
        <FileChoice label="against" files={files} value={second} onChange={setSecond} />
      </div>
      {first && second && <TextDiff before={first} after={second} isSplit={isSplit} />}
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
