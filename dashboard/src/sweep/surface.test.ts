import { describe, expect, it } from "vitest";
import { field } from "./surface";

describe("field", () => {
  it("is nothing without trials", () => {
    expect(field([], 4, 4)).toEqual([]);
  });

  it("has the value of a single trial everywhere, and trust only near it", () => {
    const cells = field([{ x: 0.125, y: 0.125, value: 0.5 }], 4, 4);
    expect(cells).toHaveLength(16);
    expect(new Set(cells.map((cell) => cell.value))).toEqual(new Set([0.5]));
    expect(cells[0]).toMatchObject({ column: 0, row: 0 });
    expect(cells[0]?.trust).toBeCloseTo(1);
    expect(cells[15]?.trust).toBeLessThan(0.01);
  });

  it("is the same in parts", () => {
    const dots = [0.1, 0.4, 0.9].map((x) => ({ x, y: 1 - x, value: x }));
    expect([...field(dots, 5, 6, [0, 2]), ...field(dots, 5, 6, [2, 6])]).toEqual(field(dots, 5, 6));
  });

  it("takes the value of the nearest trial near it, and the mean between equal distances", () => {
    const dots = [
      { x: 0, y: 0.5, value: 0 },
      { x: 1, y: 0.5, value: 1 },
    ];
    const row = field(dots, 9, 1).map((cell) => cell.value);
    expect(row[0]).toBe(0);
    expect(row[4]).toBe(0.5);
    expect(row[8]).toBe(1);
    expect(row).toEqual([...row].sort((a, b) => a - b));
  });
});
