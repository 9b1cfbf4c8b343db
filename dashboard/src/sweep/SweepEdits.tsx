/** What people can change in a running sweep: add a point, and set the maximum number of trials. */

import { useState } from "preact/hooks";
import { actions } from "../api/client";
import type { Sweep, Trial } from "../api/types";
import { EditDialog } from "../panels/EditDialog";
import { type Field, fieldsOf, pointOf } from "./points";

export function PointDialog({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const last = [...trials].sort((a, b) => b.number - a.number)[0] ?? null;
  const fields = fieldsOf(sweep, sweep.best ?? last);
  const values = Object.fromEntries(fields.map((field) => [field.name, typed[field.name] ?? field.start]));
  return (
    <EditDialog
      name="Add a point"
      title="Add your own point"
      action="Add"
      onOpen={() => setTyped({})}
      work={() => actions.enqueue(sweep.id, pointOf(values))}
    >
      <p class="soft">
        It runs as soon as an agent is free{sweep.best ? "; the fields start with the values of the best trial" : ""}.
      </p>
      {fields.map((field) => (
        <PointField
          key={field.name}
          field={field}
          value={values[field.name] ?? ""}
          onChange={(value) => setTyped({ ...typed, [field.name]: value })}
        />
      ))}
    </EditDialog>
  );
}

function PointField({ field, value, onChange }: { field: Field; value: string; onChange: (value: string) => void }) {
  const { name, choices, hint } = field;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is inside
    <label class="field">
      <span class="mono">{name}</span>
      {choices.length ? (
        <select name={name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map((one) => (
            <option key={one} value={one}>
              {one.startsWith('"') ? String(JSON.parse(one)) : one}
            </option>
          ))}
        </select>
      ) : (
        <input name={name} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
      <small>{hint}</small>
    </label>
  );
}

export function CapDialog({ sweep }: { sweep: Sweep }) {
  const [typed, setTyped] = useState("");
  function save(): Promise<unknown> {
    const { run_cap: _, ...others } = sweep.config;
    return actions.updateSweep(sweep.id, typed.trim() ? { ...others, run_cap: Number(typed) } : others);
  }
  return (
    <EditDialog
      name={sweep.run_cap ? `Cap: ${sweep.run_cap} trials` : "Cap: none"}
      title="Maximum number of trials"
      action="Set"
      onOpen={() => setTyped(sweep.run_cap ? String(sweep.run_cap) : "")}
      work={save}
    >
      <p class="soft">This includes existing trials. The sweep finishes when this many trials have ended.</p>
      <label class="field">
        <span class="mono">run_cap</span>
        <input
          type="number"
          min="1"
          step="1"
          name="run_cap"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <small>empty: no limit</small>
      </label>
    </EditDialog>
  );
}
