/** Series, asked for together and kept: charts that want some in the same moment share one question. */

import { useEffect, useRef, useState } from "preact/hooks";
import { getSeries, type Series } from "../base/api";

export interface Wanted {
  owner: string;
  key: string;
  /** Changes when the series may have grown; what is kept under the same stamp is not asked for again. */
  stamp: string;
}

export const POINTS = 500;
const GATHER_MS = 15;
const MOST_KEPT = 3000;

interface Kept {
  stamp: string;
  series: Series | null;
}

interface Waiting {
  id: string;
  want: Wanted;
  answered: ((series: Series | null) => void)[];
  failed: ((error: unknown) => void)[];
}

const kept = new Map<string, Kept>();
let waiting = new Map<string, Waiting>();
let timer: ReturnType<typeof setTimeout> | undefined;

function idOf(want: Wanted): string {
  return `${want.owner}\n${want.key}`;
}

function keep(id: string, entry: Kept): void {
  kept.delete(id);
  kept.set(id, entry);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
}

async function ask(): Promise<void> {
  const asked = [...waiting.values()];
  waiting = new Map();
  timer = undefined;
  try {
    const found = await getSeries(
      asked.map(({ want }) => want),
      POINTS,
    );
    for (const [at, { id, want, answered }] of asked.entries()) {
      const series = found[at] ?? null;
      keep(id, { stamp: want.stamp, series });
      for (const answer of answered) answer(series);
    }
  } catch (error) {
    for (const { failed } of asked) for (const fail of failed) fail(error);
  }
}

export function load(want: Wanted): Promise<Series | null> {
  const id = idOf(want);
  const known = kept.get(id);
  if (known?.stamp === want.stamp) return Promise.resolve(known.series);
  return new Promise((answer, fail) => {
    const entry = waiting.get(id) ?? { id, want, answered: [], failed: [] };
    entry.answered.push(answer);
    entry.failed.push(fail);
    waiting.set(id, entry);
    timer ??= setTimeout(() => void ask(), GATHER_MS);
  });
}

/** Returns the wanted series as far as they are here, in the order asked, while `isActive`; what was here stays meanwhile. */
export function useSeries(wanted: Wanted[], isActive: boolean): { series: (Series | null)[]; isLoading: boolean } {
  const signature = wanted.map((want) => `${idOf(want)}\n${want.stamp}`).join("\n\n");
  const [state, setState] = useState<{ series: (Series | null)[]; of: string }>({ series: [], of: "" });
  const latest = useRef("");
  useEffect(() => {
    if (!isActive || latest.current === signature) return;
    let isOver = false;
    latest.current = signature;
    Promise.all(wanted.map(load)).then(
      (series) => !isOver && setState({ series, of: signature }),
      () => {
        latest.current = ""; // the page says by itself that the server does not answer; the next news asks again
      },
    );
    return () => {
      isOver = true;
      if (latest.current === signature) latest.current = "";
    };
  }, [signature, isActive]);
  const isCurrent = state.series.length === wanted.length;
  return { series: isCurrent ? state.series : wanted.map((want) => kept.get(idOf(want))?.series ?? null), isLoading: state.of !== signature };
}
