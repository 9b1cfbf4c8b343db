import { describe, expect, it } from "vitest";
import { rankValues } from "./rankValues";

describe("rankValues", () => {
  it("orders metrics by how much they differ", () => {
    const runs = [{ summary: { a: 1, b: 10, c: 5 } }, { summary: { a: 3, b: 10, d: "x" } }];
    const rows = rankValues(runs, ["b", "a", "c", "d"]);
    expect(rows[0]).toEqual({ key: "a", values: [1, 3], mean: 2, spread: 2, share: 1 });
    expect(rows.slice(1).map(({ spread }) => spread)).toEqual([0, 0, 0]);
    expect(rows.at(-1)).toMatchObject({ key: "d", values: [undefined, "x"], mean: 0 });
  });

  it("survives a mean of 0", () => {
    const [row] = rankValues([{ summary: { a: -1 } }, { summary: { a: 1 } }], ["a"]);
    expect(row?.share).toBe(2e12);
  });
});
