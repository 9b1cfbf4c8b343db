/** Chooses by which of its metrics a sweep is shown. Nothing if it has one metric. */

import type { Sweep } from "../api/types";
import { objectives } from "./objectives";

interface Props {
  sweep: Sweep;
  value: string;
  onChange: (name: string) => void;
}

export function ObjectiveChoice({ sweep, value, onChange }: Props) {
  const all = objectives(sweep);
  if (all.length < 2) return null;
  return (
    <div class="toolbar">
      <label>
        objective
        <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {all.map(({ name, sign }) => (
            <option key={name} value={name}>
              {name} ({sign < 0 ? "maximize" : "minimize"})
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
