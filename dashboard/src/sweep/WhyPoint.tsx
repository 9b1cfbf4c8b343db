/** Why the search tried the point of a trial. */

import type { Trial } from "../api/types";
import { number } from "../base/format";
import { useTrialModel } from "./useModel";

const WHY: Record<string, string> = {
  random: "The model found no point that was new, so this one was drawn at random.",
  method: "The method chose it without a model: an initial point, or a method that needs none.",
  user: "A user added it.",
  repeat: "Its point runs again, with another seed.",
};

export function WhyPoint({ trial }: { trial: Trial }) {
  const origin = trial.chosen_by ?? "";
  const model = useTrialModel(trial.id, origin === "model");
  const known = trial.known_ends ?? 0;
  const text = origin === "model" ? `A model that knew ${known} results chose it.` : WHY[origin];
  if (!text) return null;
  return (
    <>
      <h3>Why this point</h3>
      <p class="why">
        {text}
        {model && (
          <>
            {" "}
            It expected <b>{number(model.point.expected, 4)}</b>, between {number(model.point.low, 4)} and{" "}
            {number(model.point.high, 4)}, where the best was expected at {number(model.best, 4)}: a chance of{" "}
            <b>{number(model.chance * 100, 2)} %</b> to improve.
            {trial.objective !== null && <> It found {number(trial.objective, 4)}.</>}
          </>
        )}
      </p>
    </>
  );
}
