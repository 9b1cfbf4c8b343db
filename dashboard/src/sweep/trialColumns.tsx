/** The columns of the table of trials. */

import type { Trial } from "../api/types";
import { duration, exact, number } from "../base/format";
import { counted } from "../base/names";
import { Rounded } from "../base/Rounded";
import { State } from "../base/State";
import { scaleColor, useTheme } from "../base/theme";
import type { Column } from "../tables/types";
import { durationOf } from "./compare";
import type { FirstRun } from "./loadTrials";
import { objectives } from "./objectives";
import { paramsOf } from "./params";
import { runsPath, searchPath } from "./paths";
import { isPoint, type Result, valueText } from "./pointRows";
import type { SweepView } from "./useSweepView";
import "./trialColumns.css";

interface Given {
  view: SweepView;
  /** The titles of parameters, by their names. */
  names: Map<string, string>;
  /** The first rank's run of each trial, by the trial's id. */
  firstRuns: Map<string, FirstRun>;
  now: number;
  folding: Folding;
}

/** Which points are open, and what opens and closes one. */
interface Folding {
  open: Set<number>;
  fold: (point: number) => void;
}

export function trialColumns({ view, names, firstRuns, now, folding }: Given): Column<Result>[] {
  const { sweep } = view;
  const hasPoints = (sweep.repeats ?? 1) > 1;
  return [
    {
      id: "number",
      title: hasPoints ? "Point" : "Trial",
      width: hasPoints ? 150 : 74,
      isSortable: true,
      isPinned: true,
      cell: (row) => (
        <>
          {hasPoints && <PointFold row={row} folding={folding} />}
          {isPoint(row) ? <PointName row={row} view={view} /> : <TrialButton trial={row} view={view} />}
        </>
      ),
    },
    {
      id: "state",
      title: "State",
      width: 110,
      isSortable: true,
      cell: (trial) => <State state={trial.state} title={trial.error || trial.reason || trial.state} />,
    },
    {
      ...numeric("objective", sweep.metric ?? "objective", hasPoints ? 250 : 120),
      isDownFirst: sweep.goal === "maximize",
      cell: (row) => {
        const text = isPoint(row) ? valueText(row) : <Rounded given={row.objective}>{valueText(row)}</Rounded>;
        const isBest = hasPoints ? isPoint(row) && row.number === sweep.best_point?.number : row.id === sweep.best?.id;
        return isBest ? <b class="best">{text} ★</b> : text;
      },
    },
    ...otherMetrics(view),
    ...parameterColumns(view, names),
    {
      id: "runs",
      title: "Runs",
      width: 96,
      cell: (row) => (isPoint(row) ? "" : <RunsLink trial={row} first={firstRuns.get(row.id)} />),
    },
    { ...numeric("reports", "Reports", 84), cell: (trial) => trial.reports || "–" },
    {
      ...numeric("took", "Duration", 96),
      cell: (trial) => {
        const seconds = durationOf(trial, now);
        return seconds === null ? "–" : duration(seconds);
      },
    },
    {
      id: "reason",
      title: "Why it ended",
      width: 300,
      cell: (trial) => (
        <span class="soft clip" title={trial.error || trial.reason}>
          {trial.error || trial.reason}
        </span>
      ),
    },
  ];
}

function numeric(id: string, title: string, width: number) {
  return { id, title, width, isNumber: true, isSortable: true };
}

/** Returns the columns of the metrics that trials are not ranked by. */
function otherMetrics({ sweep }: SweepView): Column<Result>[] {
  return objectives(sweep)
    .filter(({ name }) => name !== sweep.metric)
    .map(({ name, sign }) => ({
      ...numeric(`metric:${name}`, name, 120),
      isDownFirst: sign < 0,
      cell: ({ values }) => <Rounded given={values[name]}>{number(values[name])}</Rounded>,
    }));
}

function parameterColumns({ parameters }: SweepView, names: Map<string, string>): Column<Result>[] {
  return parameters.map(({ name, isNumeric }) => {
    const title = names.get(name) ?? name;
    return {
      id: name,
      title,
      hint: name,
      width: Math.max(96, 34 + 7.2 * title.length),
      isNumber: isNumeric,
      isSortable: true,
      cell: (trial) => <span class="mono">{exact(paramsOf(trial)[name])}</span>,
    };
  });
}

/** Opens and closes a point. */
function PointFold({ row, folding: { open, fold } }: { row: Result; folding: Folding }) {
  if (!isPoint(row)) {
    return (
      <span class="fold">
        <i aria-hidden="true">└</i>
      </span>
    );
  }
  const isOpen = open.has(row.number);
  return (
    <span class="fold">
      <button
        type="button"
        class="icon"
        aria-expanded={isOpen}
        aria-label={`The trials of point ${row.number}`}
        onClick={() => fold(row.number)}
      >
        {isOpen ? "▾" : "▸"}
      </button>
    </span>
  );
}

function PointName({ row, view: { places } }: { row: Result; view: SweepView }) {
  const theme = useTheme();
  return (
    <span>
      <PlaceSwatch place={places.get(row.id)} theme={theme} /> {row.number}
    </span>
  );
}

/** A trial's number in the colour of its place. Opens and closes its details. */
function TrialButton({ trial, view: { places, selected, select } }: { trial: Trial; view: SweepView }) {
  const theme = useTheme();
  const place = places.get(trial.id);
  const isSelected = trial.id === selected;
  return (
    <button
      type="button"
      class="row-link"
      aria-expanded={isSelected}
      onClick={() => select(isSelected ? "" : trial.id)}
    >
      <PlaceSwatch place={place} theme={theme} />
      {trial.number}
    </button>
  );
}

function PlaceSwatch({ place, theme }: { place: number | undefined; theme: ReturnType<typeof useTheme> }) {
  return <i class="swatch" style={{ background: place === undefined ? "transparent" : scaleColor(place, theme) }} />;
}

function RunsLink({ trial, first }: { trial: Trial; first: FirstRun | undefined }) {
  if (first) return <a href={runsPath(first)}>{first.ranks === 1 ? "its run" : counted(first.ranks, "rank")}</a>;
  return trial.started === null ? <span class="soft">–</span> : <a href={searchPath(trial)}>its runs</a>;
}
