/** If a filter names a column that does not exist: the columns that were probably meant. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import { columnText } from "./filterText";

interface Props {
  /** The server's error. */
  error: string;
  typed: string;
  project: string;
  onChange: (text: string) => void;
}

const MOST = 5;
const UNKNOWN = /there is no column `([^`]+)`/;

export function ColumnHint({ error, typed, project, onChange }: Props) {
  const unknown = UNKNOWN.exec(error)?.[1] ?? "";
  const asked = { ...(project ? { project } : {}), search: unknown, limit: MOST };
  const names = useData(unknown ? paths.runColumns(asked) : null).value ?? [];
  if (!unknown || !names.length) return null;
  return (
    <p class="chips">
      <span class="soft">for {unknown}, write</span>
      {names.map((name) => (
        <button
          type="button"
          class="chip"
          key={name}
          onClick={() => onChange(typed.replace(unknown, () => columnText(name)))}
        >
          {columnText(name)}
        </button>
      ))}
    </p>
  );
}
