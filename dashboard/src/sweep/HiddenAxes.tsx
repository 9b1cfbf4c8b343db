/** The axes that were hidden, each with a button that shows it again. */

import { OBJECTIVE } from "./parallelAxes";
import type { AxisControls } from "./useAxisChoices";

export function HiddenAxes({ choices: { value, show } }: { choices: AxisControls }) {
  if (!value.hidden.length) return null;
  return (
    <p class="chips">
      <span class="soft">hidden:</span>
      {value.hidden.map((id) => (
        <button type="button" class="chip" key={id} title="Show this axis again" onClick={() => show(id)}>
          {id === OBJECTIVE ? "objective" : id} +
        </button>
      ))}
    </p>
  );
}
