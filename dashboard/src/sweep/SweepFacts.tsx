/** The facts in the head of a sweep's page. */

import { useNow } from "../api/data";
import type { Sweep, Trial } from "../api/types";
import { ago, clock, duration, number } from "../base/format";
import { Fact } from "../base/Section";

export function SweepFacts({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const now = useNow();
  const busy_s = trials.reduce(
    (sum, trial) => sum + (trial.started === null ? 0 : (trial.ended ?? now) - trial.started),
    0,
  );
  return (
    <>
      <Fact name={`best ${sweep.metric ?? ""}`}>
        {sweep.best ? (
          <a href={`?trial=${sweep.best.id}`}>
            {number(sweep.best_point ? sweep.best_point.value : sweep.best.objective, 5)}{" "}
            <small class="soft">
              {sweep.best_point ? `point ${sweep.best_point.number}` : `trial ${sweep.best.number}`}
            </small>
          </a>
        ) : (
          "–"
        )}
      </Fact>
      <Fact name="goal">{sweep.goal}</Fact>
      <Fact name="method">{sweep.method}</Fact>
      <Fact name="trials">
        {trials.length}
        {sweep.run_cap ? ` of ${sweep.run_cap}` : ""}
      </Fact>
      <Fact name="duration">{duration((sweep.ended ?? now) - sweep.created)}</Fact>
      <Fact name="trial time" title="All trials together">
        {duration(busy_s)}
      </Fact>
      <Fact name="started" title={clock(sweep.created)}>
        {ago(sweep.created, now)}
      </Fact>
      {sweep.created_by && <Fact name="created by">{sweep.created_by}</Fact>}
      <Fact name="id">
        <span class="mono">{sweep.id}</span>
      </Fact>
    </>
  );
}
