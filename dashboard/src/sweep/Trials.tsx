/** The table of trials, each with links to its runs. */

import { useMemo } from "preact/hooks";
import { useNow } from "../api/data";
import type { Sweep, Trial } from "../api/types";
import { flat } from "../base/format";
import { shortNames } from "../base/names";
import { type Sort, useSortParam } from "../base/router";
import { Table } from "../tables/Table";
import { compare, durationOf } from "./compare";
import { sign } from "./score";
import { trialColumns } from "./trialColumns";
import type { SweepView } from "./useSweepView";

export function Trials({ view }: { view: SweepView }) {
  const { sweep, shown, runs, parameters, selected, select } = view;
  const now = useNow(2000);
  const [sort, setSort] = useSortParam("sort", "objective");
  const names = useMemo(() => shortNames(parameters.map((one) => one.name)), [parameters]);
  const firstRuns = useMemo(() => new Map(runs.map((run) => [run.trial, run])), [runs]);
  const sorted = useSorted(shown, sweep, sort, now);
  return (
    <Table
      label="Trials"
      columns={trialColumns({ view, names, firstRuns, now })}
      total={sorted.length}
      row={(at) => sorted[at]}
      rowKey={(trial) => trial.id}
      sort={sort}
      onSort={setSort}
      onOpen={(trial) => select(trial.id)}
      rowClass={(trial) => (trial.id === selected ? "selected" : "")}
      maxHeight="min(620px, 80vh)"
      empty={
        Object.keys(sweep.counts).length ? "No trial matches." : "No trials yet: start an agent with the command below."
      }
    />
  );
}

/** The column whose values change while trials run. */
const DURATION = "took";

function useSorted(trials: Trial[], sweep: Sweep, { by, isDown }: Sort, now: number): Trial[] {
  const direction = sign(sweep);
  const time = by === DURATION ? now : 0;
  return useMemo(() => {
    const sortValue = (trial: Trial): unknown => {
      if (by === "objective") return trial.objective === null ? null : trial.objective * direction;
      if (by === DURATION) return durationOf(trial, time);
      if (by in trial) return trial[by as keyof Trial];
      return flat(trial.params)[by];
    };
    return [...trials].sort((a, b) => compare(sortValue(a), sortValue(b)) * (isDown ? -1 : 1));
  }, [trials, by, isDown, direction, time]);
}
