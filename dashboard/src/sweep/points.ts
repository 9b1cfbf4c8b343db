/** The form of a point that a person gives: its fields from the sweep's file, its values from the best trial. */

import type { Sweep, Trial } from "../api/types";
import { flat, value } from "../base/format";

export interface Field {
  name: string;
  /** The values it may have, as JSON; empty: any number in a range, or what the server takes. */
  choices: string[];
  hint: string;
  start: string;
}

type Given = Record<string, unknown>;

/** Returns a field a parameter that is not constant; parts of nested ones by their dotted names. */
export function fieldsOf(sweep: Sweep, best: Trial | null): Field[] {
  const values = best ? flat(best.params) : {};
  const all = (sweep.config["parameters"] ?? {}) as Record<string, Given>;
  return leaves(all, "").flatMap(([name, given]): Field[] => {
    if ("value" in given || given["distribution"] === "constant") return [];
    const choices = Array.isArray(given["values"]) ? given["values"].map((one) => JSON.stringify(one)) : [];
    const known = values[name];
    const range =
      given["min"] !== undefined && given["max"] !== undefined ? `${value(given["min"])} … ${value(given["max"])}` : "";
    return [
      {
        name,
        choices,
        hint: range,
        start:
          known !== undefined
            ? choices.length
              ? JSON.stringify(known)
              : shortened(known)
            : (choices[0] ?? (given["min"] !== undefined ? String(given["min"]) : "")),
      },
    ];
  });
}

/** A point that a person types begins near the best one: its digits beyond these are in the way. */
const DIGITS = 6;

function shortened(known: unknown): string {
  return JSON.stringify(typeof known === "number" ? Number(known.toPrecision(DIGITS)) : known);
}

function leaves(parameters: Record<string, Given>, before: string): [string, Given][] {
  return Object.entries(parameters).flatMap(([name, given]): [string, Given][] =>
    given && typeof given["parameters"] === "object" && given["parameters"]
      ? leaves(given["parameters"] as Record<string, Given>, `${before}${name}.`)
      : [[before + name, given ?? {}]],
  );
}

/** Returns the point that was typed in: numbers, lists and truth values as JSON has them, else text; empty fields left out. */
export function pointOf(typed: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(typed).flatMap(([name, text]) => (text.trim() ? [[name, read(text.trim())]] : [])),
  );
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return Number.isNaN(Number(text)) ? text : Number(text); // `1e-3` is JSON, `.5` is not
  }
}
