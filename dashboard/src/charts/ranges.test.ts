import { describe, expect, it } from "vitest";
import { xRange, yRange } from "./ranges";
import { lineOf, lookOf } from "./testLine";

describe("xRange", () => {
  it("spans all lines", () => {
    expect(xRange([lineOf([2, 5], [0, 0]), lineOf([-1, 3], [0, 0])], lookOf())).toEqual([-1, 5]);
  });

  it("is the zoom if there is one", () => {
    expect(xRange([lineOf([0, 9], [0, 0])], lookOf({ zoom: [2, 3] }))).toEqual([2, 3]);
  });

  it("gives a single place some room", () => {
    const [low, high] = xRange([lineOf([0], [1])], lookOf());
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
  });

  it("has a range without lines, and without points", () => {
    expect(xRange([], lookOf())).toEqual([0, 1]);
    expect(xRange([lineOf([], [])], lookOf({ isLogX: true }))).toEqual([1, 10]);
  });

  it("starts above 0 on a logarithmic axis", () => {
    expect(xRange([lineOf([-5, 0, 2, 8], [1, 1, 1, 1])], lookOf({ isLogX: true }))).toEqual([2, 8]);
  });
});

describe("yRange", () => {
  it("leaves a little room, and starts at 0 if the values nearly do", () => {
    expect(yRange([lineOf([0, 1], [0, 100])], lookOf())).toEqual([0, 105]);
    expect(yRange([lineOf([0, 1], [-100, 100])], lookOf())).toEqual([-110, 110]);
  });

  it("gives equal values some room", () => {
    const [least, most] = yRange([lineOf([0, 1], [2, 2])], lookOf());
    expect(least).toBeCloseTo(1.89);
    expect(most).toBeCloseTo(2.11);
    const [low, high] = yRange([lineOf([0, 1], [0, 0])], lookOf());
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
  });

  it("contains the envelope only if it is drawn", () => {
    const line = lineOf([0, 1], [5, 5], { low: [0, 0], high: [100, 10] });
    expect(yRange([line], lookOf())[1]).toBeGreaterThan(100);
    expect(yRange([line], lookOf({ hasEnvelope: false }))[1]).toBeLessThan(6);
  });

  it("contains what was logged if the line is smoothed", () => {
    const line = lineOf([0, 1], [5, 5], { raw: [0, 50] });
    expect(yRange([line], lookOf({ hasEnvelope: false }))[1]).toBeGreaterThan(50);
  });

  it("leaves out values beyond the zoom", () => {
    expect(yRange([lineOf([0, 1, 2], [1000, 10, 20])], lookOf({ zoom: [1, 2] }))[1]).toBeLessThan(25);
  });

  it("leaves out values that a logarithmic axis cannot show", () => {
    expect(yRange([lineOf([0, 1, 2], [-5, 0, 10])], lookOf({ isLogY: true }))).toEqual([10 / 1.15, 11.5]);
    expect(yRange([lineOf([0], [-5])], lookOf({ isLogY: true }))).toEqual([0.1, 1]);
  });

  it("leaves out the outermost values without outliers", () => {
    const values = Array.from({ length: 1000 }, (_, at) => (at === 500 ? 1e9 : at / 1000));
    const x = values.map((_, at) => at);
    expect(yRange([lineOf(x, values)], lookOf())[1]).toBeGreaterThan(1e9);
    expect(yRange([lineOf(x, values)], lookOf({ hasOutliers: false }))[1]).toBeLessThan(1.1);
  });

  it("is fixed if the look says so, and there without values", () => {
    expect(yRange([lineOf([0], [7])], lookOf({ yRange: [0, 100] }))).toEqual([0, 100]);
    expect(yRange([lineOf([0], [null])], lookOf({ hasOutliers: false }))).toEqual([0, 1]);
    expect(yRange([], lookOf())).toEqual([0, 1]);
  });
});
