import { describe, expect, it } from "vitest";
import { rangeAt } from "./readout";
import { lineOf } from "./testLine";

describe("rangeAt", () => {
  const line = lineOf([0, 1, 2, 3], [1, 2, 3, 4], { low: [0, 1, -9, 3], high: [2, 500, 4, 5] });

  it("is that of the point alone if no other one is near", () => {
    expect(rangeAt(line, 0, [-0.1, 0.1])).toEqual([0, 2]);
  });

  it("contains every value under the pointer, so that no spike hides", () => {
    expect(rangeAt(line, 0, [-1, 2.5])).toEqual([-9, 500]);
    expect(rangeAt(line, 3, [1, 3])).toEqual([-9, 500]);
  });

  it("skips values that are missing", () => {
    const holes = lineOf([0, 1], [1, null]);
    expect(rangeAt(holes, 0, [0, 1])).toEqual([1, 1]);
    const [low, high] = rangeAt(lineOf([0], [null]), 0, [0, 0]);
    expect(low).toBeGreaterThan(high);
  });
});
