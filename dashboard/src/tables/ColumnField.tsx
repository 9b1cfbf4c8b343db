/** A field for the name of a column. It completes names of all runs of a project, and takes any other name too. */

import { useId, useState } from "preact/hooks";
import { useColumnNames } from "./useColumnNames";
import "./ColumnField.css";

interface Props {
  label: string;
  project: string;
  /** Names that are offered first. */
  columns: string[];
  value: string;
  onChange: (column: string) => void;
  /** Whether a column that the server finds can be chosen. */
  isAllowed?: (column: string) => boolean;
}

/** A list with more names is slow in browsers. Others can be typed. */
const MOST_NAMES = 2000;

export function ColumnField({ label, project, columns, value, onChange, isAllowed = () => true }: Props) {
  const list = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const found = useColumnNames(project, typed ?? "", !!typed).filter(isAllowed);
  const names = [...new Set([...columns, ...found])].slice(0, MOST_NAMES);
  return (
    <label class="column-field">
      {label}
      <input
        list={list}
        value={typed ?? value}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => {
          if (event.currentTarget.value) onChange(event.currentTarget.value);
          setTyped(null);
        }}
      />
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
