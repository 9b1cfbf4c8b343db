/** A field for the name of a column. It completes names, and takes those that are not in the list too. */

import { useId } from "preact/hooks";

interface Props {
  label: string;
  columns: string[];
  value: string;
  onChange: (column: string) => void;
}

/** A list with more names is slow in browsers. Others can be typed. */
const MOST_NAMES = 2000;

export function ColumnField({ label, columns, value, onChange }: Props) {
  const list = useId();
  return (
    <label class="column-field">
      {label}
      <input
        list={list}
        value={value}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => event.currentTarget.value && onChange(event.currentTarget.value)}
      />
      <datalist id={list}>
        {columns.slice(0, MOST_NAMES).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
