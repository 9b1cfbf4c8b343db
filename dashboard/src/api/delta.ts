/** Applies what changed in an answer to the answer before. The server's `json_delta.py` describes the format. */

type Part = [start: number, count: number] | { new: unknown[] };
type Changes = Record<string, Delta>;

/** How a value differs from an older one. */
export type Delta = [value: unknown] | { in?: Changes; out?: string[]; take?: Part[] } | null;

/** Returns the new value. Parts that have not changed are the same objects as before. */
export function patched(old: unknown, delta: Delta): unknown {
  if (delta === null) return old;
  if (Array.isArray(delta)) return delta[0];
  const { in: changes = {}, out = [], take } = delta;
  if (Array.isArray(old)) {
    const entries: unknown[] = take ? take.flatMap((part) => taken(old, part)) : [...old];
    for (const [at, change] of Object.entries(changes)) entries[Number(at)] = patched(entries[Number(at)], change);
    return entries;
  }
  const members = { ...(old as Record<string, unknown>) };
  for (const name of out) delete members[name];
  for (const [name, change] of Object.entries(changes)) members[name] = patched(members[name], change);
  return members;
}

function taken(old: unknown[], part: Part): unknown[] {
  return Array.isArray(part) ? old.slice(part[0], part[0] + part[1]) : part.new;
}
