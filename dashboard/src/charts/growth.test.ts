import { describe, expect, it } from "vitest";
import type { Columns } from "../api/packed";
import { grown, heldOf } from "./growth";

function columns(x: number[], more: Partial<Columns> = {}): Columns {
  const mean = x.map(() => 1);
  const own = { owner: "r", key: "k", count: x.length, reach: x.at(-1) ?? null, branch: 7, x, broken: [] };
  return { ...own, mean, minimum: mean, maximum: mean, ...more };
}

describe("heldOf", () => {
  it("names the points that are here", () => {
    expect(heldOf(columns([0, 1, 2]))).toEqual({ held: 3, after: 2, branch: 7 });
  });

  it("asks for the whole series if nothing is here, or too much", () => {
    expect(heldOf(undefined)).toEqual({});
    expect(heldOf(columns([]))).toEqual({});
    expect(heldOf(columns([0], { reach: null }))).toEqual({});
    expect(heldOf(columns(Array.from({ length: 1000 }, (_, at) => at)))).toEqual({});
  });
});

describe("grown", () => {
  it("appends the new end", () => {
    const found = grown(columns([0, 1], { broken: [0] }), columns([2, 3], { count: 4, broken: [1] }));
    expect(found).toMatchObject({ x: [0, 1, 2, 3], mean: [1, 1, 1, 1], broken: [0, 3], count: 4, reach: 3 });
    expect(found.minimum).toBe(found.mean);
  });

  it("keeps bounds that differ from the mean", () => {
    const found = grown(columns([0]), columns([1], { count: 2, minimum: [0], maximum: [9] }));
    expect(found).toMatchObject({ minimum: [1, 0], maximum: [1, 9] });
  });

  it("is the same object if nothing is new", () => {
    const known = columns([0, 1]);
    expect(grown(known, columns([], { count: 2 }))).toBe(known);
  });
});
