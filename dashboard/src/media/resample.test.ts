import { describe, expect, it } from "vitest";
import { chosenEntries, ROWS, rangeOf, resampled } from "./resample";
import { entry } from "./testEntry";

describe("chosenEntries", () => {
  it("are those of the lowest rank that are stored, by step", () => {
    const entries = [entry(2, { rank: 1 }), entry(1), entry(0), entry(3, { is_stored: false }), entry(4, { index: 1 })];
    expect(chosenEntries(entries).map(({ step }) => step)).toEqual([0, 1]);
    expect(chosenEntries([])).toEqual([]);
  });

  it("are spread evenly, with both ends, if there are many", () => {
    const steps = chosenEntries(Array.from({ length: 5000 }, (_, step) => entry(step))).map(({ step }) => step);
    expect(steps).toHaveLength(120);
    expect([steps[0], steps.at(-1)]).toEqual([0, 4999]);
  });
});

describe("resampled", () => {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

  it("keeps the number of values, and spreads a bin over what it covers", () => {
    const rows = resampled({ counts: [64, 0], edges: [0, 1, 2], not_finite: 0 }, 0, 2);
    expect(rows).toHaveLength(ROWS);
    expect(rows[0]).toBeCloseTo(2);
    expect(rows.at(-1)).toBe(0);
    expect(sum(rows)).toBeCloseTo(64);
  });

  it("keeps a bin of no width", () => {
    expect(sum(resampled({ counts: [5], edges: [1, 1], not_finite: 0 }, 0, 2))).toBeCloseTo(5);
  });

  it("is empty without bins", () => {
    expect(sum(resampled({ counts: [], edges: [], not_finite: 0 }, 0, 1))).toBe(0);
  });
});

describe("rangeOf", () => {
  it("spans all histograms", () => {
    const one = { counts: [1], edges: [-3, 1], not_finite: 0 };
    const other = { counts: [1], edges: [0, 9], not_finite: 0 };
    expect(rangeOf([one, other])).toEqual([-3, 9]);
  });
});
