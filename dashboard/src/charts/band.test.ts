import { describe, expect, it } from "vitest";
import { bandOf } from "./band";

describe("bandOf", () => {
  it("orders the points from left to right, and leaves out those that are nowhere", () => {
    expect(bandOf([0.9, null, 0.1], [0.5, 0.4, 0.6, 1, 1, 1, 0.2, 0.1, 0.3])).toEqual([
      { x: 0.1, middle: 0.2, low: 0.1, high: 0.3 },
      { x: 0.9, middle: 0.5, low: 0.4, high: 0.6 },
    ]);
  });
});
