/** A sweep in a list: its state, its progress and its best value. */

import type { Sweep } from "../api/types";
import { ago, number } from "../base/format";
import { State } from "../base/State";
import { Progress } from "./Progress";
import "./SweepCard.css";

export function SweepCard({ sweep, now }: { sweep: Sweep; now: number }) {
  const made = Object.values(sweep.counts).reduce((sum, count) => sum + count, 0);
  return (
    <a class="card" href={`/sweeps/${sweep.id}`}>
      <header>
        <b>{sweep.name || sweep.id}</b>
        <State state={sweep.state} title={sweep.reason} />
      </header>
      <div class="card-value">
        <span>{sweep.best ? number(sweep.best_point ? sweep.best_point.value : sweep.best.objective, 4) : "–"}</span>
        <small>
          {sweep.goal === "minimize" ? "lowest" : "highest"} {sweep.metric ?? ""}
        </small>
      </div>
      <Progress sweep={sweep} isSmall />
      <footer class="soft">
        {made}
        {sweep.run_cap ? ` of ${sweep.run_cap}` : ""} trials · {sweep.method} · {sweep.project} ·{" "}
        {ago(sweep.created, now)}
      </footer>
    </a>
  );
}
