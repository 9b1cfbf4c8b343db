import { describe, expect, it } from "vitest";
import type { ParallelAxis } from "./parallelAxes";
import { axisX, axisY, lineHeights, nearestLine } from "./parallelLines";

const FRAME = { width: 300, height: 140, top: 20, bottom: 20, side: 50 };
const axis = (places: (number | null)[], isFlipped = false): ParallelAxis => ({
  ...{ id: "a", title: "a", ticks: [], isLog: false, canRescale: false },
  ...{ places, isFlipped },
});
const AXES = [axis([0, 1]), axis([1, 0]), axis([0.5, null])];

describe("parallel lines", () => {
  it("have evenly spaced axes", () => {
    expect([0, 1, 2].map((at) => axisX(FRAME, at, 3))).toEqual([50, 150, 250]);
    expect(axisX(FRAME, 0, 1)).toBe(150);
  });

  it("are high where the value is high, and below the axis where it is missing", () => {
    expect(axisY(FRAME, axis([]), 1)).toBe(20);
    expect(axisY(FRAME, axis([], true), 1)).toBe(120);
    expect(lineHeights(FRAME, AXES, 1)).toEqual([20, 120, 130]);
  });

  it("are found by the pointer", () => {
    expect(nearestLine(FRAME, AXES, [0, 1], { x: 60, y: 112 })).toBe(0);
    expect(nearestLine(FRAME, AXES, [0, 1], { x: 60, y: 26 })).toBe(1);
    expect(nearestLine(FRAME, AXES, [0, 1], { x: 200, y: 20 })).toBeNull();
    expect(nearestLine(FRAME, [AXES[0] ?? axis([])], [0], { x: 60, y: 112 })).toBeNull();
  });
});
