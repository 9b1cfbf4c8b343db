/** What the page of a sweep shows: its trials, how good they are, and which of them are chosen. */

import { useMemo, useState } from "preact/hooks";
import type { Sweep, Trial } from "../api/types";
import { navigate, placeWith, useParam } from "../base/router";
import { useInTurn } from "../base/useInTurn";
import { findTrials } from "./find";
import { type Importance, importance } from "./importance";
import { type FirstRun, mostRelevant, type Tried, useFirstRuns } from "./loadTrials";
import { idsOf, pointRows, type Result } from "./pointRows";
import { hasWideRange, type Parameter, parameters, ranking, type Sign, sign } from "./score";

const NONE: Importance[] = [];

export interface SweepView {
  sweep: Sweep;
  trials: Trial[];
  /** What plots and the table show: the points of a sweep with repeats, else the trials. */
  results: Result[];
  /** Each trial's place from best (0) to worst (1), by its id. Trials of a point have its place. */
  places: Map<string, number>;
  /** The first rank's run of each trial whose curve is drawn. */
  runs: FirstRun[];
  parameters: Parameter[];
  byImportance: Parameter[];
  /** How much each parameter explains, in the same order. */
  importances: Importance[];
  /** The ids that the search chooses; null: all. */
  found: Set<string> | null;
  /** The ids that are chosen on the axes; null: all. */
  brushed: Set<string> | null;
  setBrushed: (ids: Set<string> | null) => void;
  /** The ids that search and axes choose together; null: all. */
  chosen: Set<string> | null;
  /** The results that are chosen. */
  shown: Result[];
  /** The trial whose details are open; empty: none. */
  selected: string;
  select: (trial: string) => void;
  isLog: boolean;
  setLog: (isLog: boolean) => void;
  search: Search;
  /** Chooses all trials again. */
  showAll: () => void;
}

export interface Search {
  typed: string;
  setTyped: (text: string) => void;
  state: string;
  setState: (state: string) => void;
}

export function useSweepView(sweep: Sweep, { trials, points }: Tried): SweepView {
  const [selected, select] = useParam("trial");
  const [logText, setLog] = useParam("log");
  const isRepeated = (sweep.repeats ?? 1) > 1;
  const results = useMemo(() => (isRepeated ? pointRows(trials, points) : trials), [isRepeated, trials, points]);
  const ranked = useRanking(sweep, results);
  const runs = useFirstRuns(
    useMemo(() => mostRelevant(trials, ranked.places), [trials, ranked.places]),
    sweep.metric ?? "",
  );
  const objectives = results.flatMap((trial) => trial.objective ?? []);
  const isLog = logText ? logText === "on" : objectives.length > 2 && hasWideRange(objectives);
  return {
    ...{ sweep, trials, results, runs, selected, select, isLog },
    ...ranked,
    ...useChoice(results),
    setLog: (next) => setLog(next ? "on" : "off"),
  };
}

function importancesOf({ trials, wanted, direction }: { trials: Result[]; wanted: Parameter[]; direction: Sign }) {
  return importance(trials, wanted, direction);
}

function useRanking(
  sweep: Sweep,
  trials: Result[],
): Pick<SweepView, "places" | "parameters" | "byImportance" | "importances"> {
  const direction = sign(sweep);
  const places = useMemo(() => {
    const byRow = ranking(trials, direction);
    const all = trials.flatMap((row) =>
      [...idsOf([row])].map((id): [string, number | undefined] => [id, byRow.get(row.id)]),
    );
    return new Map(all.filter((entry): entry is [string, number] => entry[1] !== undefined));
  }, [trials, direction]);
  const wanted = useMemo(() => parameters(sweep, trials), [sweep, trials]);
  const given = useMemo(() => ({ trials, wanted, direction }), [trials, wanted, direction]);
  const importances = useInTurn(given, importancesOf, NONE);
  const byImportance = useMemo(() => {
    const order = new Map(importances.map(({ name }, at) => [name, at]));
    const place = ({ name }: Parameter) => order.get(name) ?? wanted.length;
    return [...wanted].sort((a, b) => place(a) - place(b));
  }, [importances, wanted]);
  return { places, parameters: wanted, byImportance, importances };
}

type Choice = Pick<SweepView, "found" | "brushed" | "setBrushed" | "chosen" | "shown" | "search" | "showAll">;

/** Returns which trials are chosen, by the search and on the axes. */
function useChoice(trials: Result[]): Choice {
  const [brushed, setBrushed] = useState<Set<string> | null>(null);
  const [typed, setTyped] = useParam("find");
  const [state, setState] = useParam("state");
  const matching = useMemo(
    () => findTrials(state ? trials.filter((trial) => trial.state === state) : trials, typed),
    [trials, state, typed],
  );
  const found = useMemo(() => (matching.length < trials.length ? idsOf(matching) : null), [matching, trials]);
  const shown = useMemo(
    () => (brushed ? matching.filter((trial) => brushed.has(trial.id)) : matching),
    [matching, brushed],
  );
  const chosen = useMemo(() => (brushed ? idsOf(shown) : found), [brushed, shown, found]);
  function showAll(): void {
    setBrushed(null);
    navigate(placeWith({ find: null, state: null }), { isReplacing: true });
  }
  return { found, brushed, setBrushed, chosen, shown, showAll, search: { typed, setTyped, state, setState } };
}
