/** The form for a point that the user adds: its fields come from the sweep file, its first values from the best trial. */

import type { Sweep, Trial } from "../api/types";
import { exact, flat } from "../base/format";
import { typedValue } from "../base/typedValue";
import { declaredParameters } from "./declared";

export interface Field {
  name: string;
  /** The values that are allowed, as JSON; empty: any number in a range, or whatever the server accepts. */
  choices: string[];
  hint: string;
  /** The first value, as JSON. */
  start: string;
}

/** Returns a field for each parameter that is not constant. Parts of nested parameters have dotted names. */
export function fieldsOf(sweep: Pick<Sweep, "config">, best: Pick<Trial, "params"> | null): Field[] {
  const values = best ? flat(best.params) : {};
  return declaredParameters(sweep).flatMap(([name, given]): Field[] => {
    if ("value" in given || given["distribution"] === "constant") return [];
    const choices = Array.isArray(given["values"]) ? given["values"].map((one) => JSON.stringify(one)) : [];
    const { min, max } = given;
    const hint = min !== undefined && max !== undefined ? `${exact(min)} … ${exact(max)}` : "";
    return [{ name, choices, hint, start: startOf(values[name], choices, min) }];
  });
}

function startOf(known: unknown, choices: string[], least: unknown): string {
  if (known !== undefined) return choices.length ? JSON.stringify(known) : rounded(known);
  return choices[0] ?? (least === undefined ? "" : String(least));
}

/** The user starts near the best point and edits it: more digits are a hindrance. */
const DIGITS = 6;

function rounded(known: unknown): string {
  return JSON.stringify(typeof known === "number" ? Number(known.toPrecision(DIGITS)) : known);
}

/** Returns the point that was typed: JSON where it is JSON, else text. Empty fields are left out. */
export function pointOf(typed: Record<string, string>): Record<string, unknown> {
  const given = Object.entries(typed).filter(([, text]) => text.trim());
  return Object.fromEntries(given.map(([name, text]) => [name, typedValue(text)]));
}
