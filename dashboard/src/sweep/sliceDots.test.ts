import { describe, expect, it } from "vitest";
import { type Dot, nearestDot } from "./sliceDots";
import { trialOf } from "./testTrial";

describe("nearestDot", () => {
  const size = { width: 100, height: 100 };
  const dot = (number: number, x: number, y: number): Dot => ({
    ...{ x, y, place: 0, bar: null },
    trial: trialOf(number, 0),
  });
  const dots = [dot(1, 0.5, 0.5), dot(2, 0.5, 0.5), dot(3, 0.9, 0.1)];

  it("finds the nearest dot within reach; of dots at one place, the uppermost", () => {
    expect(nearestDot(dots, size, 52, 48)?.trial.number).toBe(2);
    expect(nearestDot(dots, size, 90, 90)?.trial.number).toBe(3);
  });

  it("finds none far from all dots, or without dots", () => {
    expect(nearestDot(dots, size, 0, 0)).toBeNull();
    expect(nearestDot([], size, 50, 50)).toBeNull();
  });
});
