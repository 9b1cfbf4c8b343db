/** What the console's lines say. Pure functions. */

/** A part of a line; `isMatch`: it is what was searched for. */
export interface Part {
  text: string;
  isMatch: boolean;
}

/** Returns a text in parts, with every occurrence of `find` as a separate part. Upper and lower case are the same. */
export function matchesIn(text: string, find: string): Part[] {
  const parts: Part[] = [];
  const wanted = find.toLowerCase();
  const searched = text.toLowerCase();
  let from = 0;
  for (let at = wanted ? searched.indexOf(wanted) : -1; at >= 0; at = searched.indexOf(wanted, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), isMatch: false });
    parts.push({ text: text.slice(at, at + find.length), isMatch: true });
    from = at + find.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMatch: false });
  return parts;
}
