import { describe, expect, it } from "vitest";
import type { SweepPoint } from "../api/types";
import { barOf, idsOf, isPoint, pointRows, spreadText, unfolded } from "./pointRows";
import { trialOf } from "./testTrial";

function pointOf(number: number, trials: number[], more: Partial<SweepPoint> = {}): SweepPoint {
  return {
    ...{ number, trials, params: {}, state: "finished", value: 2, spread: 0.5, error: 0.3, values: trials.length },
    ...{ wanted: trials.length, failed: 0, stopped: 0, best_trial: trials[0] ?? null, end_number: null },
    ...more,
  };
}

const trials = [trialOf(1, 1.5), trialOf(2, 2.5), trialOf(3, 9, { ended: null }), trialOf(4, null, { started: null })];
const rows = pointRows(trials, [pointOf(1, [1, 2]), pointOf(2, [3, 4], { value: null, spread: null })]);

describe("a point", () => {
  it("has the value and the times of its trials", () => {
    expect(rows.map((row) => [row.id, row.number, row.objective])).toEqual([
      ["t1", 1, 2],
      ["t3", 2, null],
    ]);
    expect(rows.map((row) => [row.started, row.ended, row.reports])).toEqual([
      [1, 3, 2],
      [3, null, 2],
    ]);
  });

  it("is left out until one of its trials is known", () => {
    expect(pointRows([], [pointOf(1, [1])])).toEqual([]);
  });

  it("has a bar of one standard deviation to each side", () => {
    expect(rows.map(barOf)).toEqual([[1.5, 2.5], null]);
    expect(barOf(trialOf(1, 1))).toBeNull();
  });

  it("says from how many trials its value is", () => {
    expect(spreadText(pointOf(1, [1, 2, 3], { values: 2, failed: 1 }))).toBe("2 ± 0.5 (2 of 3, 1 failed)");
    expect(spreadText(pointOf(1, [1], { spread: null, wanted: 3 }))).toBe("2 (1 of 3)");
  });
});

describe("the table", () => {
  it("shows the trials of open points below them", () => {
    const shown = unfolded(rows, new Set([1]));
    expect(shown.map((row) => [isPoint(row), row.number])).toEqual([
      [true, 1],
      [false, 1],
      [false, 2],
      [true, 2],
    ]);
  });

  it("chooses all trials of a point together", () => {
    expect(idsOf(rows.slice(0, 1))).toEqual(new Set(["t1", "t2"]));
    expect(idsOf(trials.slice(0, 1))).toEqual(new Set(["t1"]));
  });
});
