/** Numbers of runs as places on two axes, or as bars. Pure functions. */

import type { RunRow } from "../api/types";
import { placeOn, type Tick } from "../charts/placing";
import { text } from "../tables/rowValues";

export interface PlacedRuns {
  dots: { row: RunRow; x: number; y: number }[];
  xs: Tick[];
  ys: Tick[];
  /** How many runs have no place, because they lack one of the values. */
  missing: number;
}

export interface AxisChoice {
  column: string;
  isLog: boolean;
}

/** Returns the place of each run by two columns. Texts are choices on an axis. */
export function placedRuns(rows: RunRow[], x: AxisChoice, y: AxisChoice): PlacedRuns {
  const [xs, ys] = [placesBy(rows, x), placesBy(rows, y)];
  const dots = rows.flatMap((row, at) => {
    const [left = null, bottom = null] = [xs.places[at], ys.places[at]];
    return left === null || bottom === null ? [] : [{ row, x: left, y: bottom }];
  });
  return { dots, xs: xs.ticks, ys: ys.ticks, missing: rows.length - dots.length };
}

function placesBy(rows: RunRow[], { column, isLog }: AxisChoice) {
  const values = rows.map((row) => row[column]);
  const given = values.filter((value) => value !== null && value !== undefined);
  const isNumeric = given.every((value) => typeof value === "number");
  const choices = isNumeric ? [] : [...new Set(given.map(text))].sort();
  return placeOn({ isLog, choices }, isNumeric ? values : values.map((value) => value ?? undefined));
}

/** Returns each run's place from 0 to 1 by a column that decides its colour; null: it has no number there. */
export function colorPlaces(rows: RunRow[], column: string): (number | null)[] {
  const values = rows.map((row) => row[column]);
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return values.map((value) =>
    typeof value === "number" && Number.isFinite(value) ? (value - least) / (most - least || 1) : null,
  );
}

export interface Bar {
  row: RunRow;
  value: number;
  /** Where the bar begins and how long it is, as parts of the widest one and its opposite. */
  from: number;
  length: number;
}

/** Returns a bar for each run with a number in a column, from the largest to the smallest. */
export function barsBy(rows: RunRow[], column: string): Bar[] {
  const found = rows.flatMap((row) => {
    const value = row[column];
    return typeof value === "number" && Number.isFinite(value) ? [{ row, value }] : [];
  });
  const [low, high] = [Math.min(0, ...found.map((one) => one.value)), Math.max(0, ...found.map((one) => one.value))];
  const span = high - low || 1;
  return found
    .sort((a, b) => b.value - a.value)
    .map(({ row, value }) => ({
      ...{ row, value },
      from: (Math.min(value, 0) - low) / span,
      length: Math.abs(value) / span,
    }));
}
