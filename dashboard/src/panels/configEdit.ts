/** A value of the configuration that a person sets. */

import { flat } from "../base/format";
import { typedValue } from "../base/typedValue";

type Values = Record<string, unknown>;

/** Returns what to add to a configuration so that the value with this dotted name is the typed one. */
export function configEdit(config: Values, name: string, typed: string): Values {
  return nested(pathOf(config, name.trim()), typedValue(typed));
}

/** Returns the text with which the editing of a value starts. A value that is not set starts empty. */
export function startOf(config: Values, name: string): string {
  const known = flat(config)[name.trim()];
  return known === undefined ? "" : typeof known === "string" ? known : JSON.stringify(known);
}

/** Splits a dotted name where the configuration nests. A name may contain dots itself. */
function pathOf(config: Values, name: string): string[] {
  if (name in config || !name.includes(".")) return [name];
  const outer = Object.keys(config).find((one) => name.startsWith(`${one}.`));
  const inner = outer === undefined ? undefined : config[outer];
  if (outer === undefined) return name.split(".");
  const isMap = inner !== null && typeof inner === "object" && !Array.isArray(inner);
  return [outer, ...pathOf(isMap ? (inner as Values) : {}, name.slice(outer.length + 1))];
}

function nested(path: string[], value: unknown): Values {
  const [first = "", ...others] = path;
  return { [first]: others.length ? nested(others, value) : value };
}
