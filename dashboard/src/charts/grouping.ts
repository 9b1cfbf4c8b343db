/** Groups of runs by the values of some columns, for charts. Pure functions. */

import { exact } from "../base/format";
import { shortNames } from "../base/names";

/** The values of a run by the ids of columns. */
export type Facts = Record<string, unknown>;

/** Columns besides those of the configuration that runs can be grouped by. */
export const USUAL_KEYS = ["group", "sweep", "tags", "host", "created_by", "state"];
const CONFIG = "config.";
const SEED = /(^|[._])seed$/i;

/** Returns the name of the group of a run: `lr 0.1, model vit`. */
export function groupLabel(facts: Facts, keys: string[]): string {
  const names = shortNames(keys.map((key) => key.replace(CONFIG, "")));
  const parts = keys.map((key) => `${names.get(key.replace(CONFIG, ""))} ${valueText(facts[key])}`);
  return parts.join(", ");
}

function valueText(given: unknown): string {
  const text = Array.isArray(given) ? given.join(" + ") : exact(given);
  return text || "–";
}

export interface GroupLook {
  label: string;
  /** The number of its colour and of its dash. */
  color: number;
  dash: number;
}

/**
 * Returns the look of each run's group.
 *
 * The first key decides the colour. The others decide the dash, as long as there are few of both; else each group has a
 * colour of its own.
 */
export function groupLooks(runs: Facts[], keys: string[], most: { colors: number; dashes: number }): GroupLook[] {
  const numberOf = (texts: string[]) => {
    const distinct = [...new Set(texts)];
    const places = new Map(distinct.map((text, at) => [text, at]));
    return { places: texts.map((text) => places.get(text) ?? 0), count: distinct.length };
  };
  const labels = runs.map((facts) => groupLabel(facts, keys));
  const first = numberOf(runs.map((facts) => groupLabel(facts, keys.slice(0, 1))));
  const others = numberOf(runs.map((facts) => groupLabel(facts, keys.slice(1))));
  const own = numberOf(labels);
  const isByKey = first.count <= most.colors && others.count <= most.dashes;
  return labels.map((label, at) => {
    const [color = 0, dash = 0] = isByKey ? [first.places[at], others.places[at]] : [own.places[at], 0];
    return { label, color, dash };
  });
}

/** Returns the keys of the configuration that name a seed. */
export function seedKeys(keys: string[]): string[] {
  return keys.filter((key) => key.startsWith(CONFIG) && SEED.test(key));
}

/** Returns what to group by so that only runs that differ in `averaged` are averaged. */
export function keysWithout(keys: string[], averaged: string[]): string[] {
  return keys.filter((key) => key.startsWith(CONFIG) && !averaged.includes(key));
}
