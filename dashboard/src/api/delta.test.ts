import { describe, expect, it } from "vitest";
import { type Delta, patched } from "./delta";

describe("patched", () => {
  it.each<[unknown, Delta, unknown]>([
    [{ a: 1 }, null, { a: 1 }],
    [{ a: 1 }, [[2]], [2]],
    [
      { a: 1, b: 2, c: 3 },
      { in: { a: [null], d: [4] }, out: ["b"] },
      { a: null, c: 3, d: 4 },
    ],
    [[1, 2, 3, 4], { take: [[0, 2], { new: [9, [8]] }, [3, 1]] }, [1, 2, 9, [8], 4]],
    [[{ id: "a", x: 1 }], { in: { "0": { in: { x: [2] } } } }, [{ id: "a", x: 2 }]],
  ])("of %j by %j is %j", (old, delta, expected) => {
    expect(patched(old, delta)).toEqual(expected);
  });

  it("keeps what has not changed, and the old value", () => {
    const old = { rows: [{ id: "a" }, { id: "b", x: 1 }], total: 2 };
    const found = patched(old, {
      in: {
        rows: {
          take: [
            [1, 1],
            [0, 1],
          ],
          in: { "0": { in: { x: [5] } } },
        },
      },
    });
    expect(found).toEqual({ rows: [{ id: "b", x: 5 }, { id: "a" }], total: 2 });
    expect((found as typeof old).rows[1]).toBe(old.rows[0]);
    expect(old.rows[1]).toEqual({ id: "b", x: 1 });
  });
});
