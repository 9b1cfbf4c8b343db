import { describe, expect, it } from "vitest";
import { barsOf, chosenRows, comparedParts } from "./comparison";

const RUNS = [
  {
    row: { id: "a", config: { opt: { lr: 0.1 }, seed: 1 }, summary: { "val/loss": 2, epoch: 1 }, host: "x" },
    environment: { git: { commit: "abc" }, packages: { torch: "2.6" } },
  },
  {
    row: { id: "b", config: { opt: { lr: 0.1 } }, summary: { "val/loss": 1, epoch: 1 }, host: "y" },
    environment: { git: { commit: "def" }, packages: { torch: "2.6" } },
  },
];
const names = (parts: ReturnType<typeof comparedParts>) => parts.map(({ rows }) => rows.map(({ name }) => name));

describe("comparedParts", () => {
  it("has a row for everything that one of the runs has", () => {
    const parts = comparedParts(RUNS);
    expect(names(parts).slice(0, 3)).toEqual([
      ["opt.lr", "seed"],
      ["val/loss", "epoch"],
      ["git.commit", "packages.torch"],
    ]);
    expect(parts[0]?.rows[1]).toEqual({ name: "seed", values: [1, undefined], isDifferent: true });
  });

  it("shows only differences, or what is searched for", () => {
    const parts = comparedParts(RUNS);
    expect(names(chosenRows(parts, true, ""))).toEqual([["seed"], ["val/loss"], ["git.commit"], ["host"]]);
    expect(names(chosenRows(parts, false, "TORCH"))[2]).toEqual(["packages.torch"]);
  });
});

describe("barsOf", () => {
  const of = (values: unknown[]) => barsOf({ name: "x", values, isDifferent: true });

  it("is where numbers are between the least and the most of them", () => {
    expect(of([1, 3, 2, undefined])).toEqual([0, 1, 0.5, null]);
    expect(of(["a", 1])).toEqual([null, null]);
    expect(of([2, 2])).toEqual([null, null]);
  });
});
