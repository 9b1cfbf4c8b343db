/** A long table of runs, loaded a window at a time: only the visible rows and some around them. */

import { useMemo, useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { RunRow, RunsQuery } from "../api/types";
import { repeatedNames } from "./rowValues";

const STEP = 100;
const AROUND = 300;

export interface RunPages {
  total: number | undefined;
  row: (index: number) => RunRow | undefined;
  /** Returns the index of a run among the loaded rows; -1 if it is not there. */
  find: (id: string) => number;
  onVisible: (first: number, last: number) => void;
  error: string;
  /** Whether several loaded rows have this name. */
  isRepeated: (name: string) => boolean;
}

/**
 * Returns the rows of the runs table that match the query.
 *
 * `isHeld`: rows that are here keep their places and values.
 */
export function useRunPages(wanted: Omit<RunsQuery, "limit" | "offset">, isHeld = false): RunPages {
  const [window, setWindow] = useState({ offset: 0, limit: STEP * 2 });
  const known = useRef({ of: "", rows: new Map<number, RunRow>() });
  const of = JSON.stringify(wanted);
  if (known.current.of !== of) known.current = { of, rows: new Map() };
  const { value, error } = useData(paths.table({ ...wanted, ...window }));
  const total = useRef<{ of: string; count: number | undefined }>({ of, count: undefined });
  if (value) {
    for (const [at, row] of value.rows.entries()) {
      const index = window.offset + at;
      if (!isHeld || !known.current.rows.has(index)) known.current.rows.set(index, row);
    }
    total.current = { of, count: value.total };
  }
  const { rows } = known.current;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `value` changes when rows arrive
  const repeated = useMemo(() => repeatedNames([...rows.values()]), [rows, value]);
  return {
    total: total.current.count,
    row: (index) => rows.get(index),
    find: (id) => {
      for (const [index, row] of rows) if (row.id === id) return index;
      return -1;
    },
    error,
    isRepeated: (name) => repeated.has(name),
    onVisible: (first, last) => {
      const offset = Math.max(0, Math.floor((first - AROUND) / STEP) * STEP);
      const limit = Math.ceil((last + AROUND - offset) / STEP) * STEP;
      if (offset !== window.offset || limit !== window.limit) setWindow({ offset, limit });
    },
  };
}
