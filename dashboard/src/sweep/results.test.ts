import { describe, expect, it } from "vitest";
import { distribution, rankByNumber, regret } from "./results";
import { ranking } from "./score";
import { trialOf } from "./testTrial";

const TRIALS = [
  trialOf(1, 5, { ended: 3600, gpu_s: 7200 }),
  trialOf(2, 3, { ended: 7200, gpu_s: 3600 }),
  trialOf(3, 4, { ended: 10_800, gpu_s: null }),
  trialOf(4, null),
];

describe("results", () => {
  it("are distributed in steps", () => {
    expect(distribution(TRIALS.slice(0, 2))).toEqual([
      [3, 0],
      [3, 0.5],
      [5, 0.5],
      [5, 1],
    ]);
    expect(distribution([])).toEqual([]);
  });

  it("have a regret by trials, hours and GPU hours", () => {
    expect(regret(TRIALS, 1, "trials", 0)).toEqual([
      [1, 2],
      [2, 0],
      [3, 0],
    ]);
    expect(regret(TRIALS, 1, "hours", 0).map(([x]) => x)).toEqual([1, 2, 3]);
    expect(regret(TRIALS, 1, "GPU hours", 0).map(([x]) => x)).toEqual([2, 3, 3]);
  });

  it("have a rank each", () => {
    expect(rankByNumber(TRIALS, ranking(TRIALS, 1)).map(({ rank }) => rank)).toEqual([3, 1, 2]);
  });
});
