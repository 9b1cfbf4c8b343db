/** The table of trials, and what is known of the one that is chosen. */

import { useMemo, useState } from "preact/hooks";
import { actions, type Run, type Sweep, type Trial } from "../base/api";
import { useNow } from "../base/data";
import { duration, flat, number, value } from "../base/format";
import { lookNow } from "../base/live";
import { useMayChange } from "../base/rights";
import { scaleColor, useTheme } from "../base/theme";
import { State } from "../parts/State";
import { type Column, type Sort, Table } from "../parts/Table";
import { type Parameter, ranking, sign } from "./score";

const OPEN = new Set(["pending", "leased", "running"]);

interface Props {
  sweep: Sweep;
  trials: Trial[];
  runs: Run[];
  parameters: Parameter[];
  selected: string;
  onSelect: (id: string) => void;
}

export function Trials({ sweep, trials, runs, parameters, selected, onSelect }: Props) {
  const theme = useTheme();
  const now = useNow(2000);
  const [sort, setSort] = useState<Sort>({ by: "objective", isDown: false });
  const places = useMemo(() => ranking([...trials], sign(sweep)), [trials, sweep.goal]);
  const took = (trial: Trial) => (trial.started === null ? null : (trial.ended ?? now) - trial.started);
  const worth = (trial: Trial): unknown => {
    if (sort.by === "objective") return trial.objective === null ? null : trial.objective * sign(sweep);
    if (sort.by === "took") return took(trial);
    if (sort.by in trial) return trial[sort.by as keyof Trial];
    return flat(trial.params)[sort.by];
  };
  const sorted = useMemo(() => [...trials].sort((a, b) => compare(worth(a), worth(b)) * (sort.isDown ? -1 : 1)), [trials, sort, now]);
  const columns: Column<Trial>[] = [
    {
      id: "number",
      title: "Trial",
      width: 74,
      isSortable: true,
      isPinned: true,
      cell: (trial) => (
        <button type="button" class="row-link" aria-expanded={trial.id === selected} onClick={() => onSelect(trial.id === selected ? "" : trial.id)}>
          <i class="swatch" style={{ background: places.has(trial.id) ? scaleColor(places.get(trial.id)!, theme) : "transparent" }} />
          {trial.number}
        </button>
      ),
    },
    { id: "state", title: "State", width: 110, isSortable: true, cell: (trial) => <State state={trial.state} title={trial.reason || trial.state} /> },
    {
      id: "objective",
      title: sweep.metric ?? "objective",
      width: 120,
      isNumber: true,
      isSortable: true,
      cell: (trial) => (trial.id === sweep.best?.id ? <b class="best">{number(trial.objective)} ★</b> : number(trial.objective)),
    },
    ...parameters.map(
      (one): Column<Trial> => ({
        id: one.name,
        title: one.name,
        width: 110,
        isNumber: one.isNumeric,
        isSortable: true,
        cell: (trial) => <span class="mono">{value(flat(trial.params)[one.name])}</span>,
      }),
    ),
    { id: "reports", title: "Reports", width: 84, isNumber: true, isSortable: true, cell: (trial) => trial.reports || "–" },
    { id: "took", title: "Time", width: 96, isNumber: true, isSortable: true, cell: (trial) => (took(trial) === null ? "–" : duration(took(trial)!)) },
    { id: "reason", title: "Why it ended", width: 300, cell: (trial) => <span class="soft clip" title={trial.reason}>{trial.reason}</span> },
  ];
  const chosen = trials.find((trial) => trial.id === selected);
  return (
    <>
      <Table
        label="Trials"
        columns={columns}
        total={sorted.length}
        row={(at) => sorted[at]}
        rowKey={(trial) => trial.id}
        sort={sort}
        onSort={setSort}
        onOpen={(trial) => onSelect(trial.id)}
        rowClass={(trial) => (trial.id === selected ? "selected" : "")}
        maxHeight="min(620px, 80vh)"
        empty="No trial yet: start an agent with the command below."
      />
      {chosen && <Detail trial={chosen} runs={runs.filter((run) => run.trial === chosen.id)} onClose={() => onSelect("")} />}
    </>
  );
}

function Detail({ trial, runs, onClose }: { trial: Trial; runs: Run[]; onClose: () => void }) {
  const mayChange = useMayChange();
  const [error, setError] = useState("");
  const stop = () => actions.stopTrial(trial.id).then(lookNow, (refused: Error) => setError(refused.message));
  const group = runs[0];
  return (
    <aside class="detail" aria-label={`Trial ${trial.number}`}>
      <header>
        <h3>
          Trial {trial.number} <State state={trial.state} />
        </h3>
        {mayChange && OPEN.has(trial.state) && (
          <button type="button" onClick={() => void stop()}>
            Stop this trial
          </button>
        )}
        {group && runs.length > 1 && (
          <a class="button" href={`/groups/${encodeURIComponent(group.project)}/${encodeURIComponent(group.group)}`}>
            All {runs.length} ranks
          </a>
        )}
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {error && <p class="failure">{error}</p>}
      {trial.reason && <p>{trial.reason}</p>}
      <div class="detail-columns">
        <dl class="pairs">
          {Object.entries(flat(trial.params)).map(([name, given]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value(given, 6)}</dd>
            </div>
          ))}
        </dl>
        <ul class="plain">
          {runs.map((run) => (
            <li key={run.id}>
              <a href={`/runs/${run.id}`}>{run.name}</a> <span class="soft">rank {run.rank} on {run.host}</span> <State state={run.state} />
            </li>
          ))}
        </ul>
      </div>
      {trial.stderr_tail && <pre class="console">{trial.stderr_tail}</pre>}
    </aside>
  );
}

/** Orders numbers before words, and nothing last. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
}
