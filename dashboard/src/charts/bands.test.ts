import { describe, expect, it } from "vitest";
import { toBand } from "./bands";

const NAME = { id: "r", label: "run", color: "#123456" };
const GROUP = {
  ...{ group: "g", members: 4, x: [0, 1], mean: [1, 2], median: [3, 4], deviation: [2, null] },
  ...{ minimum: [0, 1], maximum: [2, 3], counts: [4, 1] },
};

describe("toBand", () => {
  it("carries how many runs each place stands for", () => {
    expect(toBand(GROUP, NAME)).toMatchObject({ y: [1, 2], low: [0, 1], high: [2, 3], counts: [4, 1], raw: null });
  });

  it("has the band that is asked for around the centre that is asked for", () => {
    expect(toBand(GROUP, NAME, { center: "mean", spread: "std" })).toMatchObject({ low: [-1, 2], high: [3, 2] });
    expect(toBand(GROUP, NAME, { center: "median", spread: "std error" })).toMatchObject({
      ...{ y: [3, 4], low: [2, 4], high: [4, 4] },
    });
    expect(toBand(GROUP, NAME, { center: "mean", spread: "none" })).toMatchObject({ low: [1, 2], high: [1, 2] });
    expect(toBand(GROUP, NAME, { center: "count", spread: "std" })).toMatchObject({ y: [4, 1], low: [4, 1] });
  });

  it("keeps what is not smoothed", () => {
    expect(toBand(GROUP, NAME, undefined, 0.5).raw).toEqual([1, 2]);
  });
});
