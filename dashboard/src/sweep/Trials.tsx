/** The table of trials, each with the way to its runs. */

import { useMemo } from "preact/hooks";
import { useNow } from "../api/data";
import type { Sweep, Trial } from "../api/types";
import { duration, flat, number, value } from "../base/format";
import { counted, shortNames } from "../base/names";
import { useParam } from "../base/router";
import { State } from "../base/State";
import { scaleColor, useTheme } from "../base/theme";
import { type Column, type Sort, Table } from "../tables/Table";
import type { FirstRun } from "./loadTrials";
import { foundPath, runsPath } from "./paths";
import { type Parameter, ranking, sign } from "./score";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  runs: FirstRun[];
  parameters: Parameter[];
  selected: string;
  onSelect: (id: string) => void;
}

export function Trials({ sweep, trials, runs, parameters, selected, onSelect }: Props) {
  const theme = useTheme();
  const now = useNow(2000);
  const [sortText, setSort] = useParam("sort", "objective");
  const sort: Sort = { by: sortText.replace(/^-/, ""), isDown: sortText.startsWith("-") };
  const names = useMemo(() => shortNames(parameters.map((one) => one.name)), [parameters]);
  const firstOf = useMemo(() => new Map(runs.map((run) => [run.trial, run])), [runs]);
  const places = useMemo(() => ranking(trials, sign(sweep)), [trials, sweep.goal]);
  const took = (trial: Trial) => (trial.started === null ? null : (trial.ended ?? now) - trial.started);
  const sortValue = (trial: Trial): unknown => {
    if (sort.by === "objective") return trial.objective === null ? null : trial.objective * sign(sweep);
    if (sort.by === "took") return took(trial);
    if (sort.by in trial) return trial[sort.by as keyof Trial];
    return flat(trial.params)[sort.by];
  };
  const sorted = useMemo(
    () => [...trials].sort((a, b) => compare(sortValue(a), sortValue(b)) * (sort.isDown ? -1 : 1)),
    [trials, sortText, sort.by === "took" ? now : 0],
  );
  const columns: Column<Trial>[] = [
    {
      id: "number",
      title: "Trial",
      width: 74,
      isSortable: true,
      isPinned: true,
      cell: (trial) => (
        <button
          type="button"
          class="row-link"
          aria-expanded={trial.id === selected}
          onClick={() => onSelect(trial.id === selected ? "" : trial.id)}
        >
          <i
            class="swatch"
            style={{ background: places.has(trial.id) ? scaleColor(places.get(trial.id)!, theme) : "transparent" }}
          />
          {trial.number}
        </button>
      ),
    },
    {
      id: "state",
      title: "State",
      width: 110,
      isSortable: true,
      cell: (trial) => <State state={trial.state} title={trial.reason || trial.state} />,
    },
    {
      id: "objective",
      title: sweep.metric ?? "objective",
      width: 120,
      isNumber: true,
      isSortable: true,
      cell: (trial) =>
        trial.id === sweep.best?.id ? <b class="best">{number(trial.objective)} ★</b> : number(trial.objective),
    },
    ...parameters.map(
      (one): Column<Trial> => ({
        id: one.name,
        title: names.get(one.name)!,
        hint: one.name,
        width: Math.max(96, 34 + 7.2 * names.get(one.name)!.length),
        isNumber: one.isNumeric,
        isSortable: true,
        cell: (trial) => <span class="mono">{value(flat(trial.params)[one.name])}</span>,
      }),
    ),
    {
      id: "runs",
      title: "Runs",
      width: 96,
      cell: (trial) => {
        const first = firstOf.get(trial.id);
        if (first) return <a href={runsPath(first)}>{first.ranks === 1 ? "its run" : counted(first.ranks, "rank")}</a>;
        return trial.started === null ? <span class="soft">–</span> : <a href={foundPath(trial)}>its runs</a>;
      },
    },
    {
      id: "reports",
      title: "Reports",
      width: 84,
      isNumber: true,
      isSortable: true,
      cell: (trial) => trial.reports || "–",
    },
    {
      id: "took",
      title: "Time",
      width: 96,
      isNumber: true,
      isSortable: true,
      cell: (trial) => (took(trial) === null ? "–" : duration(took(trial)!)),
    },
    {
      id: "reason",
      title: "Why it ended",
      width: 300,
      cell: (trial) => (
        <span class="soft clip" title={trial.reason}>
          {trial.reason}
        </span>
      ),
    },
  ];
  return (
    <Table
      label="Trials"
      columns={columns}
      total={sorted.length}
      row={(at) => sorted[at]}
      rowKey={(trial) => trial.id}
      sort={sort}
      onSort={(next) => setSort((next.isDown ? "-" : "") + next.by)}
      onOpen={(trial) => onSelect(trial.id)}
      rowClass={(trial) => (trial.id === selected ? "selected" : "")}
      maxHeight="min(620px, 80vh)"
      empty={
        sweep.counts && Object.keys(sweep.counts).length
          ? "No trial matches."
          : "No trial yet: start an agent with the command below."
      }
    />
  );
}

/** Orders numbers before words, and nothing last. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}
