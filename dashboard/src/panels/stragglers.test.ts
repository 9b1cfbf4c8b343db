import { describe, expect, it } from "vitest";
import { meanOf, sharedKeys, slowestText } from "./stragglers";

describe("stragglers", () => {
  it("are measured by metrics that two ranks have", () => {
    const runs = [{ summary: { "val/a": 1, b: 1, c: "x" } }, { summary: { "val/a": 1, d: 1, c: "y" } }];
    expect(sharedKeys(runs)).toEqual(["val/a"]);
    expect(sharedKeys(runs.slice(0, 1))).toEqual(["val/a", "b"]);
    expect(sharedKeys([])).toEqual([]);
  });

  it("are named if they lag clearly", () => {
    const seconds = [[1], [1], [1]];
    expect(slowestText([[0], [5], [0.1]], seconds, ["rank 0", "rank 1", "rank 2"])).toBe(
      "rank 1 lags most: 5 s on average, the others 50 ms",
    );
  });

  it("are not named if no rank stands out, or there is only one", () => {
    const usual = "how long after the first rank each one logged a step";
    expect(slowestText([[0.1], [0.1]], [[1], [1]], ["a", "b"])).toBe(usual);
    expect(slowestText([[0], [0.05]], [[1], [1]], ["a", "b"])).toBe(usual);
    expect(slowestText([[9]], [[1]], ["a"])).toBe(usual);
  });

  it("are found though a rank has no values", () => {
    const names = ["rank 0", "rank 1", "rank 2"];
    expect(slowestText([[null], [5], [0]], [[null], [1], [1]], names)).toContain("rank 1 lags most");
  });

  it("have a mean over the values that are there", () => {
    expect(meanOf([1, null, 3])).toBe(2);
    expect(meanOf([null])).toBeNull();
    expect(meanOf([])).toBeNull();
  });
});
