import { describe, expect, it } from "vitest";
import type { Sweep } from "../api/types";
import { byObjective, hypervolume, hypervolumes, objectives, paretoFront, scoresOf, withObjective } from "./objectives";
import { trialOf } from "./testTrial";

const SWEEP = {
  config: { metrics: [{ name: "acc", goal: "maximize" }, { name: "ms" }] },
  metric: "acc",
  goal: "maximize",
} as unknown as Sweep;
const TRIALS = [
  trialOf(1, 0.9, { values: { acc: 0.9, ms: 10 }, ended: 1 }),
  trialOf(2, 0.8, { values: { acc: 0.8, ms: 5 }, ended: 2 }),
  trialOf(3, 0.7, { values: { acc: 0.7, ms: 8 }, ended: 3 }),
  trialOf(4, 0.6, { values: { acc: 0.6 }, ended: 4 }),
];
const SCORES = scoresOf(TRIALS, objectives(SWEEP));

describe("objectives", () => {
  it("are all metrics of the sweep with their goals", () => {
    expect(objectives(SWEEP)).toEqual([
      { name: "acc", sign: -1 },
      { name: "ms", sign: 1 },
    ]);
    expect(objectives({ config: {}, metric: "loss", goal: "minimize" })).toEqual([{ name: "loss", sign: 1 }]);
    expect(withObjective(SWEEP, "ms", TRIALS)).toMatchObject({ metric: "ms", goal: "minimize", best: { number: 2 } });
    expect(withObjective(SWEEP, "other", TRIALS)).toBe(SWEEP);
    expect(byObjective(TRIALS, SWEEP, "ms").map((trial) => trial.objective)).toEqual([10, 5, 8, null]);
  });
});

describe("paretoFront", () => {
  it("has the trials that no other one dominates", () => {
    expect(SCORES).toHaveLength(3);
    expect(paretoFront(SCORES).map(({ trial }) => trial.number)).toEqual([1, 2]);
    expect(paretoFront([])).toEqual([]);
  });
});

describe("hypervolume", () => {
  it("is the volume between the front and the worst values", () => {
    expect(hypervolume([[0, 0]], [2, 3])).toBe(6);
    expect(
      hypervolume(
        [
          [0, 2],
          [1, 1],
        ],
        [2, 3],
      ),
    ).toBe(3);
    expect(hypervolume([[0, 0, 0]], [1, 2, 3])).toBe(6);
    expect(
      hypervolume(
        [
          [0, 0, 1],
          [0.5, 1, 0],
        ],
        [1, 2, 3],
      ),
    ).toBeCloseTo(4.5);
    expect(hypervolume([[5, 5]], [2, 3])).toBe(0);
  });

  it("grows with the trials that improve the front", () => {
    const values = hypervolumes(SCORES);
    expect(values.map(({ time }) => time)).toEqual([1, 2]);
    expect(values[1]?.value).toBeGreaterThan(values[0]?.value ?? 0);
  });
});
