/** Loads series and keeps them. Charts that want some at the same moment share one request. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { getAgain, getLines } from "../api/client";
import type { Columns, SentLine } from "../api/packed";
import { paths } from "../api/routes";
import type { GroupLine, HeldLine, SeriesQuery } from "../api/types";
import { grown, heldOf } from "./growth";

export interface Wanted {
  owner: string;
  key: string;
  /** Changes when the series may have grown. A series that is kept under the same stamp is not loaded again. */
  stamp: string;
  group?: string;
}

/** Which part of the series is wanted, over which x axis. */
export interface View {
  x: string;
  zoom: [number, number] | null;
}

export const WHOLE: View = { x: "step", zoom: null };
const POINTS = 500;
const GATHER_MS = 4;
const MOST_KEPT = 3000;
const MOST_LINES = 2000;

interface Waiting {
  id: string;
  want: Wanted;
  view: View;
  /** The part of the series that is already loaded. */
  known: Columns | undefined;
  resolve: ((columns: Columns) => void)[];
  reject: ((error: unknown) => void)[];
}

const kept = new Map<string, { stamp: string; columns: Columns }>();
let waiting = new Map<string, Waiting>();
let isScheduled = false;

function viewId(view: View): string {
  return `${view.x}\n${view.zoom ?? ""}`;
}

function idOf(want: Wanted, view: View): string {
  return `${want.owner}\n${want.key}\n${viewId(view)}`;
}

function keep(id: string, stamp: string, columns: Columns): void {
  kept.delete(id);
  kept.set(id, { stamp, columns });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
}

function queryOf<T>(lines: T[], view: View): Omit<SeriesQuery, "lines"> & { lines: T[] } {
  const [low, high] = view.zoom ?? [null, null];
  return { lines, x: view.x, low, high, points: POINTS };
}

/** Sends what is waiting: one request for each view, or several if a view wants many lines. */
async function sendAll(): Promise<void> {
  const all = [...waiting.values()];
  waiting = new Map();
  isScheduled = false;
  const alike = [...Map.groupBy(all, ({ view }) => viewId(view)).values()];
  const parts = alike.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MOST_LINES) }, (_, at) =>
      group.slice(at * MOST_LINES, (at + 1) * MOST_LINES),
    ),
  );
  await Promise.all(parts.map(sendPart));
}

async function sendPart(part: Waiting[]): Promise<void> {
  const [first] = part;
  if (!first) return;
  const lines = part.map(({ want: { owner, key }, known, view }): HeldLine => {
    return { owner, key, ...(view.zoom ? {} : heldOf(known)) };
  });
  try {
    await getLines(queryOf(lines, first.view), (start, sent) => {
      for (const [at, line] of sent.entries()) receive(part[start + at], line);
    });
  } catch (error) {
    for (const { reject } of part) for (const fail of reject) fail(error);
  }
}

function receive(entry: Waiting | undefined, { columns, isTail }: SentLine): void {
  if (!entry) return;
  const found = isTail && entry.known ? grown(entry.known, columns) : columns;
  keep(entry.id, entry.want.stamp, found);
  for (const answer of entry.resolve) answer(found);
}

function load(want: Wanted, view: View): Promise<Columns> {
  const id = idOf(want, view);
  const known = kept.get(id);
  if (known?.stamp === want.stamp) return Promise.resolve(known.columns);
  return new Promise((resolve, reject) => {
    const entry = waiting.get(id) ?? { id, want, view, known: known?.columns, resolve: [], reject: [] };
    entry.resolve.push(resolve);
    entry.reject.push(reject);
    waiting.set(id, entry);
    if (!isScheduled) setTimeout(() => void sendAll(), GATHER_MS);
    isScheduled = true;
  });
}

interface Loaded<T> {
  found: T[];
  isLoading: boolean;
}

/** Returns the wanted series in their order, while `isActive`. The previous ones stay until the new ones are here. */
export function useSeries(wanted: Wanted[], view: View, isActive: boolean): Loaded<Columns> {
  return useLoaded(wanted, view, isActive, () => Promise.all(wanted.map((want) => load(want, view))));
}

/** Returns the wanted series as one line for each group. */
export function useGroups(wanted: Wanted[], view: View, isActive: boolean): Loaded<GroupLine> {
  return useLoaded(wanted, view, isActive, async () => {
    const lines = wanted.map(({ owner, key, group = "" }) => ({ owner, key, group }));
    return (await getAgain(paths.series(queryOf(lines, view)))).groups;
  });
}

function useLoaded<T>(wanted: Wanted[], view: View, isActive: boolean, work: () => Promise<T[]>): Loaded<T> {
  const signature = wanted.map((want) => `${idOf(want, view)}\n${want.stamp}\n${want.group ?? ""}`).join("\n\n");
  const [state, setState] = useState<{ found: T[]; of: string }>({ found: [], of: "" });
  const latest = useRef("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `signature` stands for all that is wanted
  useLayoutEffect(() => {
    if (!isActive || !wanted.length || latest.current === signature) return;
    latest.current = signature;
    let isOver = false;
    const forget = () => {
      if (latest.current === signature) latest.current = "";
    };
    work().then(
      (found) => latest.current === signature && !isOver && setState({ found, of: signature }),
      forget, // the page's head says that the server does not answer
    );
    return () => {
      isOver = true;
      forget();
    };
  }, [signature, isActive]);
  return { found: wanted.length ? state.found : [], isLoading: wanted.length > 0 && state.of !== signature };
}
