/** Series, asked for together and kept: charts that want some in the same moment share one question. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, getLines } from "../api/client";
import type { Columns } from "../api/packed";
import { paths } from "../api/routes";
import type { GroupLine, HeldLine, SeriesQuery } from "../api/types";
import { grown, heldOf } from "./growth";

export interface Wanted {
  owner: string;
  key: string;
  /** Changes when the series may have grown; what is kept under the same stamp is not asked for again. */
  stamp: string;
  group?: string;
}

/** What part of the series is wanted, over which x axis. */
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
  /** What is here of it already. */
  known: Columns | undefined;
  answered: ((columns: Columns) => void)[];
  failed: ((error: unknown) => void)[];
}

const kept = new Map<string, { stamp: string; columns: Columns }>();
let waiting = new Map<string, Waiting>();
let timer: ReturnType<typeof setTimeout> | undefined;

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

function question<Line>(lines: Line[], view: View): Omit<SeriesQuery, "lines"> & { lines: Line[] } {
  const [low, high] = view.zoom ?? [null, null];
  return { lines, x: view.x, low, high, points: POINTS };
}

async function askAll(): Promise<void> {
  const all = [...waiting.values()];
  waiting = new Map();
  timer = undefined;
  const alike = [...Map.groupBy(all, ({ view }) => viewId(view)).values()];
  const parts = alike.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MOST_LINES) }, (_, at) =>
      group.slice(at * MOST_LINES, (at + 1) * MOST_LINES),
    ),
  );
  await Promise.all(parts.map(ask));
}

async function ask(part: Waiting[]): Promise<void> {
  try {
    const lines = part.map(
      ({ want, known, view }): HeldLine => ({ owner: want.owner, key: want.key, ...(view.zoom ? {} : heldOf(known)) }),
    );
    await getLines(question(lines, part[0]!.view), (first, sent) => {
      for (const [at, { columns, isTail }] of sent.entries()) {
        const { id, want, known, answered } = part[first + at]!;
        const found = isTail ? grown(known!, columns) : columns;
        keep(id, want.stamp, found);
        for (const answer of answered) answer(found);
      }
    });
  } catch (error) {
    for (const { failed } of part) for (const fail of failed) fail(error);
  }
}

function load(want: Wanted, view: View): Promise<Columns> {
  const id = idOf(want, view);
  const known = kept.get(id);
  if (known?.stamp === want.stamp) return Promise.resolve(known.columns);
  return new Promise((answer, fail) => {
    const entry = waiting.get(id) ?? { id, want, view, known: known?.columns, answered: [], failed: [] };
    entry.answered.push(answer);
    entry.failed.push(fail);
    waiting.set(id, entry);
    timer ??= setTimeout(() => void askAll(), GATHER_MS);
  });
}

interface Loaded<T> {
  found: T[];
  isLoading: boolean;
}

/** Returns the wanted series in the order asked, while `isActive`; what was drawn stays until the new ones are here. */
export function useSeries(wanted: Wanted[], view: View, isActive: boolean): Loaded<Columns> {
  return useLoaded(wanted, view, isActive, () => Promise.all(wanted.map((want) => load(want, view))));
}

/** Returns the wanted series as one line a group. */
export function useGroups(wanted: Wanted[], view: View, isActive: boolean): Loaded<GroupLine> {
  return useLoaded(wanted, view, isActive, async () => {
    const lines = wanted.map(({ owner, key, group }) => ({ owner, key, group: group ?? "" }));
    return (await get(paths.series(question(lines, view)))).groups;
  });
}

function useLoaded<T>(wanted: Wanted[], view: View, isActive: boolean, work: () => Promise<T[]>): Loaded<T> {
  const signature = wanted.map((want) => `${idOf(want, view)}\n${want.stamp}\n${want.group ?? ""}`).join("\n\n");
  const [state, setState] = useState<{ found: T[]; of: string }>({ found: [], of: "" });
  const latest = useRef("");
  useLayoutEffect(() => {
    if (!isActive || !wanted.length || latest.current === signature) return;
    latest.current = signature;
    let isOver = false;
    work().then(
      (found) => latest.current === signature && !isOver && setState({ found, of: signature }),
      () => {
        if (latest.current === signature) latest.current = ""; // the page's head says that there is no server
      },
    );
    return () => {
      isOver = true;
      if (latest.current === signature) latest.current = "";
    };
  }, [signature, isActive]);
  return { found: wanted.length ? state.found : [], isLoading: wanted.length > 0 && state.of !== signature };
}
