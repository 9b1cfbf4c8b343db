/** Chooses what runs are grouped by, and what the line of a group shows. */

import { CENTERS, SPREADS } from "../charts/bands";
import { keysWithout, seedKeys, USUAL_KEYS } from "../charts/grouping";
import { ColumnField } from "../tables/ColumnField";
import type { Grouping } from "../tables/useGrouping";

const CONFIG = "config.";

interface Props {
  grouping: Grouping;
  project: string;
  /** The columns of metrics and configuration that there are. */
  columns: string[];
}

export function GroupControls({ grouping, project, columns }: Props) {
  const { keys, setKeys } = grouping;
  const config = columns.filter((id) => id.startsWith(CONFIG));
  const others = [...config, ...USUAL_KEYS].filter((id) => !keys.includes(id));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a `fieldset` is laid out differently
    <div class="toolbar" role="group" aria-label="Groups of runs">
      <ColumnField
        label={keys.length ? "and by" : "Group by"}
        {...{ project, columns: others }}
        value=""
        onChange={(id) => setKeys([...new Set([...keys, columnId(id)])])}
        isAllowed={(id) => id.startsWith(CONFIG) && !keys.includes(id)}
      />
      {keys.map((id) => (
        <button
          key={id}
          type="button"
          class="chip"
          title="Do not group by it"
          onClick={() => setKeys(keys.filter((one) => one !== id))}
        >
          {id.replace(/^config\./, "")} ✕
        </button>
      ))}
      {!keys.length &&
        seedKeys(config).map((seed) => (
          <button key={seed} type="button" onClick={() => setKeys(keysOver(config, seed))}>
            Average over {seed.replace(/^config\./, "")}
          </button>
        ))}
      {keys.length > 0 && <SummaryChoice grouping={grouping} />}
    </div>
  );
}

/** Returns the id of a column for what somebody typed: `lr` means `config.lr`. */
function columnId(typed: string): string {
  return typed.startsWith(CONFIG) || USUAL_KEYS.includes(typed) ? typed : CONFIG + typed;
}

/** Returns what to group by to average over a seed; the project, if nothing else differs. */
function keysOver(config: string[], seed: string): string[] {
  const keys = keysWithout(config, [seed]);
  return keys.length ? keys : ["project"];
}

function SummaryChoice({ grouping: { center, setCenter, spread, setSpread } }: { grouping: Grouping }) {
  return (
    <>
      <select
        aria-label="Line of a group"
        value={center}
        onChange={(event) => setCenter(event.currentTarget.value as typeof center)}
      >
        {CENTERS.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      {center !== "count" && (
        <select
          aria-label="Band of a group"
          value={spread}
          onChange={(event) => setSpread(event.currentTarget.value as typeof spread)}
        >
          {SPREADS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </>
  );
}
