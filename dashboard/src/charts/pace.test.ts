import { describe, expect, it } from "vitest";
import type { Series } from "../api/types";
import { lags, pace, valuesAt } from "./pace";

/** A rank that started at `start` and took `seconds` for each of `steps` steps. */
function rank(start: number, seconds: number, steps: number): Series {
  const buckets = Array.from({ length: steps }, (_, step) => ({
    ...{ step, time: start + step * seconds, count: 1, nonfinite: 0 },
    ...{ mean: step * 10, minimum: 0, maximum: 0, last: 0 },
  }));
  return { owner: "r", key: "k", count: steps, buckets };
}

describe("pace", () => {
  it("is the time of each rank for a step", () => {
    const { start, steps, seconds } = pace([rank(0, 2, 5), rank(0, 3, 5)], 4);
    expect(start).toBe(0);
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(seconds).toEqual([
      [2, 2, 2, 2],
      [3, 3, 3, 3],
    ]);
  });

  it("is null outside of a rank's steps", () => {
    expect(pace([rank(0, 1, 5), rank(0, 1, 3)], 4).seconds[1]).toEqual([1, 1, null, null]);
  });

  it("has no more columns than steps, nor than are asked for", () => {
    expect(pace([rank(0, 1, 4)], 100).steps).toHaveLength(3);
    expect(pace([rank(0, 1, 1000)], 10).steps).toHaveLength(10);
  });

  it("has no columns for less than two steps", () => {
    expect(pace([rank(0, 1, 1)], 4)).toEqual({ start: 0, steps: [], seconds: [[]] });
    expect(pace([rank(0, 1, 0)], 4)).toEqual({ start: 0, steps: [], seconds: [[]] });
    expect(pace([], 4)).toEqual({ start: 0, steps: [], seconds: [] });
  });
});

describe("lags", () => {
  it("are measured from the first rank at each step", () => {
    expect(lags([rank(0, 1, 3), rank(5, 1, 3)], [0, 2])).toEqual([
      [0, 0],
      [5, 5],
    ]);
  });

  it("are null where a rank was not", () => {
    expect(lags([rank(0, 1, 5), rank(0, 2, 2)], [1, 4])).toEqual([
      [0, 0],
      [1, null],
    ]);
    expect(lags([rank(0, 1, 5)], [])).toEqual([[]]);
  });
});

describe("valuesAt", () => {
  it("interpolates, and skips buckets without finite values", () => {
    const series = rank(0, 1, 3);
    const [, middle] = series.buckets;
    if (middle) middle.mean = null;
    expect(valuesAt([series], [0, 1, 2, 3])).toEqual([[0, 10, 20, null]]);
  });
});
