import { describe, expect, it } from "vitest";
import { compare, durationOf } from "./compare";
import { trialOf } from "./testTrial";

describe("compare", () => {
  const sorted = (values: unknown[], isDown: boolean) => [...values].sort((a, b) => compare(a, b, isDown));

  it("orders numbers by size, and words by the alphabet", () => {
    expect(sorted([10, 9, -1], false)).toEqual([-1, 9, 10]);
    expect(sorted(["a10", "a9"], true)).toEqual(["a10", "a9"]);
  });

  it("puts missing values last in both directions", () => {
    expect(sorted([null, 1, 2], false)).toEqual([1, 2, null]);
    expect(sorted([null, 1, 2], true)).toEqual([2, 1, null]);
  });
});

describe("durationOf", () => {
  it("is null before the start, and grows until the end", () => {
    expect(durationOf(trialOf(1, 1, { started: null }), 5)).toBeNull();
    expect(durationOf(trialOf(1, 1, { started: 1, ended: null }), 5)).toBe(4);
  });
});
