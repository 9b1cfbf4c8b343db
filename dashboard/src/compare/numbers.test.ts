import { describe, expect, it } from "vitest";
import { barsBy, colorPlaces, placedRuns } from "./numbers";

const ROWS = [
  { id: "a", lr: 0.01, loss: 1, kind: "x" },
  { id: "b", lr: 0.1, loss: -3, kind: "y" },
  { id: "c", lr: 1, loss: null, kind: null },
];
const on = (column: string, isLog = false) => ({ column, isLog });

describe("placedRuns", () => {
  it("places runs by two numbers, and counts those that lack one", () => {
    const { dots, missing } = placedRuns(ROWS, on("lr", true), on("loss"));
    expect(dots.map(({ row, x, y }) => [row.id, Number(x.toFixed(2)), Number(y.toFixed(2))])).toEqual([
      ["a", 0.05, 0.95],
      ["b", 0.5, 0.05],
    ]);
    expect(missing).toBe(1);
  });

  it("has choices for texts", () => {
    const { dots, xs } = placedRuns(ROWS, on("kind"), on("lr"));
    expect(xs.map((tick) => tick.text)).toEqual(["x", "y"]);
    expect(dots.map(({ x }) => x)).toEqual([0.25, 0.75]);
  });
});

describe("colorPlaces", () => {
  it("is where a number is between the least and the most", () => {
    expect(colorPlaces(ROWS, "loss")).toEqual([1, 0, null]);
    expect(colorPlaces(ROWS, "kind")).toEqual([null, null, null]);
  });
});

describe("barsBy", () => {
  it("begins at zero, the largest first", () => {
    expect(barsBy(ROWS, "loss").map(({ row, from, length }) => [row.id, from, length])).toEqual([
      ["a", 0.75, 0.25],
      ["b", 0, 0.75],
    ]);
  });
});
