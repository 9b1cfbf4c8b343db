/** The axes of parallel coordinates: which, in which order, and where each trial is on them. Pure functions. */

import type { Sweep } from "../api/types";
import { shortNames } from "../base/names";
import { placeOn, type Tick } from "../charts/placing";
import { paramsOf } from "./params";
import type { Result } from "./pointRows";
import { hasWideRange, type Parameter, type Scored } from "./score";

/** The id of the objective's axis. No parameter has this name. */
export const OBJECTIVE = "★";

/** What people have changed about the axes. */
export interface AxisChoices {
  /** The axes that were moved or shown, in order. Others follow. */
  order: string[];
  hidden: string[];
  flipped: string[];
  /** The axes whose scale is the other one: linear for a logarithmic distribution, and the reverse. */
  rescaled: string[];
}

export interface ParallelAxis {
  id: string;
  title: string;
  /** Where each trial is, from bottom (0) to top (1); null: the trial has no value here. */
  places: (number | null)[];
  ticks: Tick[];
  isFlipped: boolean;
  isLog: boolean;
  /** Whether the scale can be changed: all values are numbers above 0. */
  canRescale: boolean;
}

type ScoredResult = Scored<Result>;

/** Returns the ids of all axes in the order in which they are drawn, hidden ones too. */
export function axisOrder(parameters: Pick<Parameter, "name">[], order: string[]): string[] {
  const all = [...parameters.map((one) => one.name), OBJECTIVE];
  const first = order.filter((id) => all.includes(id));
  return [...first, ...all.filter((id) => !first.includes(id))];
}

/** Returns `order` with an axis moved to the place of another one. */
export function movedAxis(order: string[], id: string, to: number): string[] {
  const others = order.filter((one) => one !== id);
  others.splice(Math.min(Math.max(to, 0), others.length), 0, id);
  return others;
}

/** Returns the axes to draw. The best value of the objective is on top unless its axis is flipped. */
export function parallelAxes(
  sweep: Pick<Sweep, "metric" | "goal">,
  scored: ScoredResult[],
  parameters: Parameter[],
  choices: AxisChoices,
): ParallelAxis[] {
  const byName = new Map(parameters.map((one) => [one.name, one]));
  const names = shortNames([...byName.keys()]);
  const has = (list: string[], id: string) => list.includes(id);
  return axisOrder(parameters, choices.order)
    .filter((id) => !has(choices.hidden, id))
    .map((id) => {
      const parameter = byName.get(id);
      const values = scored.map((trial) => (parameter ? paramsOf(trial)[id] : trial.objective));
      const usual = parameter ? parameter.isLog : hasWideRange(scored.map((trial) => trial.objective));
      const canRescale = !parameter?.choices.length && values.every((one) => one === undefined || Number(one) > 0);
      const isLog = canRescale && usual !== has(choices.rescaled, id);
      const { places, ticks } = placeOn({ isLog, choices: parameter?.choices ?? [] }, values);
      const isDown = id === OBJECTIVE && sweep.goal !== "maximize";
      const title = parameter ? (names.get(id) ?? id) : (sweep.metric ?? "objective");
      return { id, title, places, ticks, isLog, canRescale, isFlipped: isDown !== has(choices.flipped, id) };
    });
}

export type Interval = [low: number, high: number];
/** The parts of axes that are chosen, by the ids of the axes. */
export type Brushes = ReadonlyMap<string, Interval[]>;

/** Returns the indices of the trials that are in a chosen part of every axis that has one; null: no axis has. */
export function brushedTrials(axes: ParallelAxis[], brushes: Brushes): Set<number> | null {
  const asked = axes.filter(({ id }) => brushes.get(id)?.length);
  const [first] = asked;
  if (!first) return null;
  const isIn = ({ id, places }: ParallelAxis, at: number) => {
    const place = places[at] ?? null;
    return place !== null && brushes.get(id)?.some(([low, high]) => place >= low && place <= high);
  };
  return new Set(first.places.flatMap((_, at) => (asked.every((axis) => isIn(axis, at)) ? at : [])));
}
