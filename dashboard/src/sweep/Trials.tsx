/** The table of trials, each with links to its runs; with repeats, of points that fold open to their trials. */

import { useMemo, useState } from "preact/hooks";
import { useNow } from "../api/data";
import type { Trial } from "../api/types";
import { shortNames } from "../base/names";
import { type Sort, useSortParam } from "../base/router";
import { Table } from "../tables/Table";
import { compare, durationOf } from "./compare";
import { paramsOf } from "./params";
import { isPoint, type Result, unfolded } from "./pointRows";
import { sign } from "./score";
import { trialColumns } from "./trialColumns";
import type { SweepView } from "./useSweepView";

export function Trials({ view }: { view: SweepView }) {
  const { sweep, shown, runs, parameters, selected, select } = view;
  const now = useNow(2000);
  const [sort, setSort] = useSortParam("sort", sign(sweep) < 0 ? "-objective" : "objective");
  const names = useMemo(() => shortNames(parameters.map((one) => one.name)), [parameters]);
  const firstRuns = useMemo(() => new Map(runs.map((run) => [run.trial, run])), [runs]);
  const [open, setOpen] = useState<Set<number>>(new Set());
  const sorted = useSorted(shown, sort, now);
  const rows = useMemo(() => unfolded(sorted, open), [sorted, open]);
  function fold(point: number): void {
    setOpen((before) =>
      before.has(point) ? new Set([...before].filter((one) => one !== point)) : new Set([...before, point]),
    );
  }
  return (
    <Table
      label="Trials"
      columns={trialColumns({ view, names, firstRuns, now, folding: { open, fold } })}
      total={rows.length}
      row={(at) => rows[at]}
      rowKey={(row) => (isPoint(row) ? `point-${row.number}` : row.id)}
      sort={sort}
      onSort={setSort}
      onOpen={(trial) => select(trial.id)}
      onPick={(trial) => select(trial.id)}
      rowClass={(row) => (row.id === selected && !isPoint(row) ? "selected" : "")}
      maxHeight="min(620px, 80vh)"
      empty={
        Object.keys(sweep.counts).length ? "No trial matches." : "No trials yet: start an agent with the command below."
      }
    />
  );
}

/** Before the name of a metric in the id of its column. */
const METRIC = "metric:";
/** The column whose values change while trials run. */
const DURATION = "took";

function useSorted(trials: Result[], { by, isDown }: Sort, now: number): Result[] {
  const time = by === DURATION ? now : 0;
  return useMemo(() => {
    const sortValue = (trial: Trial): unknown => {
      if (by === DURATION) return durationOf(trial, time);
      if (by.startsWith(METRIC)) return trial.values[by.slice(METRIC.length)];
      if (by in trial) return trial[by as keyof Trial];
      return paramsOf(trial)[by];
    };
    return [...trials].sort((a, b) => compare(sortValue(a), sortValue(b), isDown));
  }, [trials, by, isDown, time]);
}
