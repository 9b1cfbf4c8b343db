import { describe, expect, it } from "vitest";
import { HEIGHT, sparkline, WIDTH } from "./sparkline";

describe("sparkline", () => {
  it("fills the drawing, with the highest value on top", () => {
    const drawn = sparkline([
      [0, 1],
      [5, 3],
      [10, 2],
    ]);
    expect(drawn).toMatchObject({ first: 1, last: 2, low: 1, high: 3 });
    expect(drawn?.places).toEqual([
      [2, HEIGHT - 2],
      [WIDTH / 2, 2],
      [WIDTH - 2, HEIGHT / 2],
    ]);
  });

  it("puts one point, and equal values, in the middle", () => {
    expect(sparkline([[7, 7]])?.places).toEqual([[WIDTH / 2, HEIGHT / 2]]);
    const flat = sparkline([
      [0, 0],
      [1, 0],
    ]);
    expect(flat?.places.map(([, y]) => y)).toEqual([HEIGHT / 2, HEIGHT / 2]);
  });

  it("is null without points", () => {
    expect(sparkline([])).toBeNull();
  });
});
