/** Two parameters against the objective: a dot for each trial, and between them the mean of near trials. */

import { useState } from "preact/hooks";
import { Surface } from "./Surface";
import type { Parameter } from "./score";
import type { SweepView } from "./useSweepView";
import "./Contour.css";

export function Contour({ view }: { view: SweepView }) {
  const [names, setNames] = useState<[string, string]>(["", ""]);
  const [across, up] = axesOf(view.byImportance, names);
  if (!across || !up) return null;
  const choose = (label: string, value: string, set: (name: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {view.byImportance.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="contour">
      <div class="toolbar">
        {choose("up", up.name, (name) => setNames([name === across.name ? up.name : across.name, name]))}
        {choose("across", across.name, (name) => setNames([name, name === up.name ? across.name : up.name]))}
      </div>
      <Surface view={view} across={across} up={up} />
    </div>
  );
}

/** Returns the chosen axes, else the most important ones: numbers before choices, over which a surface says less. */
function axesOf(parameters: Parameter[], names: [string, string]): [Parameter | undefined, Parameter | undefined] {
  const isChoice = (one: Parameter) => one.choices.length > 0;
  const wanted = [...parameters.filter((one) => !isChoice(one)), ...parameters.filter(isChoice)];
  const across = wanted.find((one) => one.name === names[0]) ?? wanted[0];
  const others = wanted.filter((one) => one !== across);
  return [across, others.find((one) => one.name === names[1]) ?? others[0]];
}
