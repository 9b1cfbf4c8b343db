/** The parameters as the sweep file declares them. Pure functions. */

import type { Sweep } from "../api/types";

/** The keys of one parameter in the sweep file: its distribution, limits and values. */
export type Given = Record<string, unknown>;

/** Returns each declared parameter. Parts of nested parameters have dotted names. */
export function declaredParameters({ config }: Pick<Sweep, "config">): [name: string, given: Given][] {
  return leaves((config["parameters"] ?? {}) as Record<string, Given>, "");
}

function leaves(parameters: Record<string, Given>, before: string): [string, Given][] {
  return Object.entries(parameters).flatMap(([name, given]): [string, Given][] => {
    const inner = given?.["parameters"];
    if (typeof inner === "object" && inner) return leaves(inner as Record<string, Given>, `${before}${name}.`);
    return [[before + name, given ?? {}]];
  });
}
