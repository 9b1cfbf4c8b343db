/** The search of the runs table in the server's filter language. Pure functions. */

const OPERATORS = /[=<>~]|\b(has|in)\b/;
const SEARCHED = ["name", "group", "host", "reason"];

/** Returns a value in quotes. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/**
 * Returns the filter of what was typed.
 *
 * A text with an operator is a filter already. Otherwise every word must occur in one of the searched columns.
 * `isFolded`: the state is that of the group.
 */
export function filterOf(typed: string, state: string, isFolded = false): string {
  const words = typed.trim().split(/\s+/).filter(Boolean);
  const search = OPERATORS.test(typed)
    ? [`(${typed})`]
    : words.map(
        (word) =>
          `(${[...SEARCHED.map((column) => `${column} ~ ${quoted(word)}`), `tags has ${quoted(word)}`].join(" or ")})`,
      );
  return [...search, ...(state ? [`${isFolded ? "group_state" : "state"} = ${state}`] : [])].join(" and ");
}
