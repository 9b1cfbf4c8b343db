import { describe, expect, it } from "vitest";
import { type Dot, nearestDot } from "./dots";

describe("nearestDot", () => {
  const size = { width: 100, height: 100 };
  const dot = (of: number, x: number, y: number): Dot<number> => ({ x, y, place: 0, bar: null, of });
  const dots = [dot(1, 0.5, 0.5), dot(2, 0.5, 0.5), dot(3, 0.9, 0.1)];

  it("finds the nearest dot within reach; of dots at one place, the uppermost", () => {
    expect(nearestDot(dots, size, 52, 48)?.of).toBe(2);
    expect(nearestDot(dots, size, 90, 90)?.of).toBe(3);
  });

  it("finds none far from all dots, or without dots", () => {
    expect(nearestDot(dots, size, 0, 0)).toBeNull();
    expect(nearestDot([], size, 50, 50)).toBeNull();
  });
});
