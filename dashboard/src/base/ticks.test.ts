import { describe, expect, it } from "vitest";
import { durationTicks, logTicks, roundTicks } from "./ticks";

describe("roundTicks", () => {
  it.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [0, 1, 4, [0, 0.5, 1]],
    [-3, 3, 3, [-2, 0, 2]],
    [0.1, 0.3, 2, [0.1, 0.2, 0.3]],
    [1e12, 3e12, 2, [1e12, 2e12, 3e12]],
    [1e-9, 3e-9, 2, [1e-9, 2e-9, 3e-9]],
  ])("divides %d to %d into about %d parts", (low, high, most, ticks) => {
    expect(roundTicks(low, high, most)).toEqual(ticks);
  });

  it("has one tick for one value", () => {
    expect(roundTicks(3, 3, 5)).toEqual([3]);
    expect(roundTicks(0, 0, 5)).toEqual([0]);
  });

  it("stays within the range", () => {
    for (const tick of roundTicks(0.37, 9.81, 6)) {
      expect(tick).toBeGreaterThanOrEqual(0.37);
      expect(tick).toBeLessThanOrEqual(9.81);
    }
  });
});

describe("logTicks", () => {
  it("uses 1, 2 and 5 of each power while there is room", () => {
    expect(logTicks(1, 10, 6)).toEqual([1, 2, 5, 10]);
  });

  it("uses powers of ten over a wide range, evenly spaced", () => {
    expect(logTicks(1e-3, 1e3, 7)).toEqual([1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]);
    expect(logTicks(1e-12, 1e12, 6).length).toBeLessThanOrEqual(6);
  });

  it("uses linear ticks over a narrow range", () => {
    expect(logTicks(0.61, 0.74, 4)).toEqual([0.65, 0.7]);
  });
});

describe("durationTicks", () => {
  it.each([
    [7, [0, 1, 2, 3, 4, 5, 6, 7]],
    [60, [0, 10, 20, 30, 40, 50, 60]],
    [3 * 3600, [0, 1800, 3600, 5400, 7200, 9000, 10_800]],
  ])("divides %d seconds at round durations", (whole, ticks) => {
    expect(durationTicks(whole)).toEqual(ticks);
  });

  it("uses whole days for months", () => {
    const ticks = durationTicks(90 * 86_400);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks.every((at) => at % 86_400 === 0)).toBe(true);
  });
});
