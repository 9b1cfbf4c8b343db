/** What is typed into the search of the runs table, as the server's filter language. */

const OPERATORS = /[=<>~]|\b(has|in)\b/;
const SEARCHED = ["name", "group", "host", "reason"];

/** Returns a value in quotes. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** Returns a filter for what was typed: as it is where it holds an operator, else runs that hold every word somewhere. Folded, a state is that of the group. */
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
