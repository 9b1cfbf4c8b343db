/** Sets a value of a run's configuration after the fact. */

import { useState } from "preact/hooks";
import { actions } from "../api/client";
import type { Run } from "../api/types";
import { flat } from "../base/format";
import { configEdit, startOf } from "./configEdit";
import { EditDialog } from "./EditDialog";

export function ConfigDialog({ run }: { run: Run }) {
  const [name, setName] = useState("");
  const [typed, setTyped] = useState("");
  const choose = (next: string) => {
    setName(next);
    const start = startOf(run.config, next);
    if (start) setTyped(start);
  };
  return (
    <EditDialog
      name="Edit"
      title="Set a value of the configuration"
      action="Set"
      onOpen={() => {
        setName("");
        setTyped("");
      }}
      work={() => actions.label(run.id, { config: configEdit(run.config, name, typed) })}
    >
      <p class="soft">A new name adds a value. Numbers, lists, true and null are JSON; everything else is text.</p>
      <label class="field">
        <span>Name</span>
        <input
          name="name"
          required
          list="config-names"
          value={name}
          onInput={(event) => choose(event.currentTarget.value)}
        />
        <datalist id="config-names">
          {Object.keys(flat(run.config)).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <label class="field">
        <span>Value</span>
        <input name="value" required value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
    </EditDialog>
  );
}
