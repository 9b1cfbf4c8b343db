/** Names that are too long for their place. */

/** Ends that say nothing alone. */
const VAGUE = new Set(["name", "type", "kind", "value", "size", "id"]);

/** Returns the shortest mostRelevant end of each dotted name that no other one has: `optimizer.lr` is `lr` where nothing else is. */
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

/** What stays to be seen of a long name's end. */
const TAIL = 12;
const LONG = 24;

/** Returns a name in two parts: where there is too little room, the first is cut at its end and the second is kept. */
export function headAndTail(name: string): [string, string] {
  return name.length > LONG ? [name.slice(0, -TAIL), name.slice(-TAIL)] : [name, ""];
}

/** Returns counted things in words: `1 run`, `3 runs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
