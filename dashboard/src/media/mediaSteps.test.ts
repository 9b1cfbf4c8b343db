import { describe, expect, it } from "vitest";
import { entriesAt } from "./mediaSteps";
import { entry } from "./testEntry";

describe("entriesAt", () => {
  it("shows the last step up to the chosen one", () => {
    const entries = [entry(0), entry(10), entry(20)];
    expect(entriesAt(entries, 15)).toMatchObject({ steps: [0, 10, 20], at: 1, shown: [{ step: 10 }] });
    expect(entriesAt(entries, -1)).toMatchObject({ at: -1, shown: [] });
    expect(entriesAt([], 5)).toEqual({ steps: [], at: -1, shown: [] });
  });

  it("orders by index and rank, and shows only the newest of the same one", () => {
    const entries = [
      entry(1, { id: 1, index: 1 }),
      entry(1, { id: 2, rank: 1 }),
      entry(1, { id: 3 }),
      entry(1, { id: 4 }),
    ];
    expect(entriesAt(entries, 1).shown.map(({ id }) => id)).toEqual([4, 2, 1]);
  });
});
