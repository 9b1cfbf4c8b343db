/** Names that are too long for their place, and counts. Pure functions. */

/** Last parts of names that mean nothing on their own. */
const VAGUE = new Set(["name", "type", "kind", "value", "size", "id"]);

/** Returns for each dotted name its shortest meaningful end that no other name has: `lr` for `optimizer.lr`. */
export function shortNames(names: string[]): Map<string, string> {
  const ends = (name: string) =>
    name
      .split(".")
      .map((_, at, all) => all.slice(at).join("."))
      .reverse();
  const known = new Map<string, number>();
  for (const end of names.flatMap(ends)) known.set(end, (known.get(end) ?? 0) + 1);
  return new Map(
    names.map((name) => [name, ends(name).find((end) => known.get(end) === 1 && !VAGUE.has(end)) ?? name]),
  );
}

/** How many characters of the end of a long name stay visible. */
const TAIL = 12;
const LONG = 24;

/** Returns a name in two parts. If there is too little room, the page cuts the first one and keeps the second one. */
export function headAndTail(name: string): [string, string] {
  return name.length > LONG ? [name.slice(0, -TAIL), name.slice(-TAIL)] : [name, ""];
}

/** Returns a name with at most this many characters. A longer one loses its beginning: long names differ at the end. */
export function endOfName(name: string, most: number): string {
  return name.length > most ? `…${name.slice(1 - most)}` : name;
}

/** The least number of characters of an id that tell runs of the same name apart. */
const LEAST_ID = 4;

/** Returns the names of runs. Those that are not unique get the end of the run's id: `exp · k3f2`. */
export function distinctNames(runs: { id: string; name: string }[]): string[] {
  const ids = Map.groupBy(runs, ({ name }) => name);
  return runs.map(({ id, name }) => {
    const others = (ids.get(name) ?? []).map((run) => run.id).filter((other) => other !== id);
    return others.length ? `${name} · ${distinctEnd(id, others)}` : name;
  });
}

/** Returns the shortest end of an id that no other one has. */
function distinctEnd(id: string, others: string[]): string {
  let length = LEAST_ID;
  while (length < id.length && others.some((other) => other.endsWith(id.slice(-length)))) length++;
  return id.slice(-length);
}

/** Returns the page of a project. */
export function projectPath(project: string): string {
  return `/projects/${encodeURIComponent(project)}`;
}

/** Returns a count with its noun: `1 run`, `3 runs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
