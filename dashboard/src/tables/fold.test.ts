import { describe, expect, it } from "vitest";
import { lengthOf, placeOf } from "./fold";

const OPEN = [
  { at: 1, rows: ["b1", "b2"] },
  { at: 3, rows: ["d1"] },
];

describe("placeOf", () => {
  it("puts the other rows of an open group below its head", () => {
    const places = Array.from({ length: lengthOf(4, OPEN) }, (_, at) => placeOf(at, OPEN));
    expect(places).toEqual([
      { head: 0 },
      { head: 1 },
      { row: "b1", head: 1 },
      { row: "b2", head: 1 },
      { head: 2 },
      { head: 3 },
      { row: "d1", head: 3 },
    ]);
  });

  it("changes nothing if no group is open, or an open one has no other rows", () => {
    expect(placeOf(5, [])).toEqual({ head: 5 });
    expect(placeOf(2, [{ at: 0, rows: [] }])).toEqual({ head: 2 });
  });
});

describe("lengthOf", () => {
  it("counts heads and rows", () => {
    expect(lengthOf(4, OPEN)).toBe(7);
    expect(lengthOf(0, [])).toBe(0);
  });
});
