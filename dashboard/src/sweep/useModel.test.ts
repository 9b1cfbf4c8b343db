import { describe, expect, it } from "vitest";
import { clipped } from "./useModel";

describe("clipped", () => {
  it("keeps what trials reached and a quarter more", () => {
    const points = [{ value: 1, expected: 5, low: -100, high: 100 }];
    expect(clipped(points, [0, 8])).toEqual([{ value: 1, expected: 5, low: -2, high: 10 }]);
  });

  it("stays above 0 for values above 0, because the axis may be logarithmic", () => {
    const points = [{ value: 1, expected: 1, low: -1, high: 2 }];
    expect(clipped(points, [0.1, 8])[0]?.low).toBe(0.05);
  });
});
