import { describe, expect, it } from "vitest";
import type { Columns } from "../api/packed";
import { interpolated, lineWith, lonePoints, nearest, pointLine, smoothed, toCsv, toLine } from "./lines";
import { lineOf } from "./testLine";

const NAME = { id: "r", label: "run", color: "#123456" };
const COLUMNS: Columns = {
  ...{ owner: "r", key: "loss", count: 3, reach: 2, branch: 0, x: [0, 1, 2], broken: [1] },
  ...{ mean: [1, null, 3], minimum: [0, null, 3], maximum: [2, null, 3] },
};

describe("interpolated", () => {
  it("follows the polyline, and is null outside of it", () => {
    expect(interpolated([-1, 0, 0.5, 1, 3, 4, 5], [0, 1, 4], [0, 10, 40])).toEqual([null, 0, 5, 10, 30, 40, null]);
  });

  it("has no values without points, and one at a single point", () => {
    expect(interpolated([0, 1], [], [])).toEqual([null, null]);
    expect(interpolated([0, 1, 2], [1], [7])).toEqual([null, 7, null]);
  });

  it("survives equal places", () => {
    expect(interpolated([1], [1, 1], [3, 5])).toEqual([3]);
  });
});

describe("smoothed", () => {
  it("leaves everything as it is without a weight, or over one place", () => {
    const y = [1, 2, 3];
    expect(smoothed([0, 1, 2], y, 0)).toBe(y);
    expect(smoothed([1, 1, 1], y, 0.5)).toBe(y);
    expect(smoothed([], [], 0.5)).toEqual([]);
  });

  it("is corrected for its start: equal values stay equal", () => {
    expect(smoothed([0, 1, 2, 3], [5, 5, 5, 5], 0.9)).toEqual([5, 5, 5, 5]);
  });

  it("forgets along x, so that a gap forgets more", () => {
    expect(smoothed([0, 1], [0, 1], 0.5)[1]).toBeCloseTo(1 / 1.5);
    const [, near] = smoothed([0, 1, 10], [0, 1, 1], 0.5);
    const [, far] = smoothed([0, 9, 10], [0, 1, 1], 0.5);
    expect(far ?? 0).toBeGreaterThan(near ?? 0);
  });

  it("skips missing values", () => {
    expect(smoothed([0, 1, 2], [4, null, 4], 0.5)).toEqual([4, null, 4]);
  });
});

describe("lonePoints", () => {
  it.each([
    [[1], [0]],
    [[1, 2], []],
    [
      [1, null, 2, 3, null, 4],
      [0, 5],
    ],
    [[null], []],
    [[], []],
  ])("of %j are at %j", (y, at) => {
    expect(lonePoints(y)).toEqual(at);
  });
});

describe("nearest", () => {
  it.each([
    [[], 1, -1],
    [[5], -100, 0],
    [[0, 10], 5, 0],
    [[0, 10], 5.1, 1],
    [[0, 1, 2, 3, 4], 99, 4],
    [[0, 1, 2, 3, 4], 2.4, 2],
  ])("finds in %j what is nearest to %d", (x, place, at) => {
    expect(nearest(x, place)).toBe(at);
  });
});

describe("toLine", () => {
  it("draws the mean within its bounds, and says where values were not finite", () => {
    const line = toLine(COLUMNS, NAME);
    expect(line).toMatchObject({ ...NAME, y: [1, null, 3], low: [0, null, 3], high: [2, null, 3], broken: [1] });
    expect(line.raw).toBeNull();
  });

  it("keeps what was logged beside what is smoothed", () => {
    const line = toLine(COLUMNS, NAME, 0.5);
    expect(line.raw).toBe(COLUMNS.mean);
    expect(line.y[2]).toBeLessThan(3);
  });
});

describe("toCsv", () => {
  it("has a row for each point, and quotes what needs it", () => {
    const csv = toCsv([lineOf([0, 1], [1.5, null], { label: 'a,"b"' })], "step", "loss");
    expect(csv.split("\n")).toEqual([
      "run,id,step,loss,minimum,maximum",
      '"a,""b""",a,0,1.5,1.5,1.5',
      '"a,""b""",a,1,,,',
    ]);
  });

  it("has what was logged beside what is smoothed", () => {
    const smooth = lineOf([0], [2], { raw: [3] });
    expect(toCsv([smooth, lineOf([0], [4], { id: "b" })], "step", "loss").split("\n")).toEqual([
      ...["run,id,step,loss,loss (smoothed),minimum,maximum", "a,a,0,3,2,2,2", "a,b,0,4,4,4,4"],
    ]);
  });

  it("has its head alone without lines", () => {
    expect(toCsv([], "step", "val/loss")).toBe("run,id,step,val/loss,minimum,maximum");
  });
});

describe("dots that stand for something each", () => {
  const dots = {
    ...lineOf([1, 2], [5, 6]),
    ...{ dots: ["red", "blue"], points: ["p", "q"].map((id) => ({ id, label: `trial ${id}` })) },
  };

  it("are lines of their own for the pointer", () => {
    expect(pointLine(dots, 1)).toMatchObject({ id: "q", label: "trial q", color: "blue", x: [2], y: [6] });
    expect(lineWith([dots], "p")?.x).toEqual([1]);
    expect(lineWith([dots], dots.id)).toBe(dots);
    expect(lineWith([dots], "r")).toBeUndefined();
  });

  it("have a row each in a file", () => {
    expect(toCsv([dots], "x", "y").split("\n").slice(1)).toEqual(["trial p,p,1,5,5,5", "trial q,q,2,6,6,6"]);
  });
});
