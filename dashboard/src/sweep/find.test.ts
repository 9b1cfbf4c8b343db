import { describe, expect, it } from "vitest";
import { compare, durationOf } from "./compare";
import { findTrials } from "./find";
import { latestOfEach, mostRelevant } from "./loadTrials";
import { trialOf } from "./testTrial";

const TRIALS = [
  trialOf(1, 0.1, { params: { optimizer: { lr: 0.01, name: "AdamW" } }, reason: "done" }),
  trialOf(2, 0.5, { params: { optimizer: { lr: 0.1, name: "SGD" } }, state: "failed" }),
  trialOf(3, null, { params: {}, state: "running" }),
];
const found = (text: string) => findTrials(TRIALS, text).map((trial) => trial.number);

describe("findTrials", () => {
  it.each([
    ["", [1, 2, 3]],
    ["   ", [1, 2, 3]],
    ["adamw", [1]],
    ["ADAMW done", [1]],
    ["adamw failed", []],
    ["lr<0.05", [1]],
    ["lr >= 0.1", [2]],
    ["optimizer.lr=0.10", [2]],
    ["name=sgd", [2]],
    ["name!=sgd", [1]],
    ["objective<1", [1, 2]],
    ["trial=3", [3]],
    ["reports>0 objective<=0.1", [1]],
    ["unknown<1", []],
    ["name<5", []],
    ["lr<x", []],
  ])("of %j are %j", (text, numbers) => {
    expect(found(text)).toEqual(numbers);
  });
});

describe("compare", () => {
  it("orders numbers by size, text naturally, and puts what is missing last", () => {
    expect([3, null, -1, undefined, 10].sort(compare)).toEqual([-1, 3, 10, null, undefined]);
    expect(["run-10", "run-9"].sort(compare)).toEqual(["run-9", "run-10"]);
    expect(compare(0, 0)).toBe(0);
  });
});

describe("durationOf", () => {
  it("grows while a trial runs", () => {
    expect(durationOf(trialOf(1, 1, { started: 10, ended: 15 }), 99)).toBe(5);
    expect(durationOf(trialOf(1, 1, { started: 10, ended: null }), 99)).toBe(89);
    expect(durationOf(trialOf(1, 1, { started: null, ended: null }), 99)).toBeNull();
  });
});

describe("mostRelevant", () => {
  it("keeps all trials of a small sweep", () => {
    expect(mostRelevant(TRIALS, new Map())).toBe(TRIALS);
  });

  it("keeps the running trials and the best ones of a large one", () => {
    const trials = Array.from({ length: 1000 }, (_, at) => trialOf(at, at, at === 999 ? { ended: null } : {}));
    const places = new Map(trials.map((trial) => [trial.id, trial.number / 999]));
    const kept = mostRelevant(trials, places);
    expect(kept).toHaveLength(300);
    expect(kept[0]?.number).toBe(999);
    expect(kept.at(-1)?.number).toBe(298);
  });
});

describe("latestOfEach", () => {
  it("takes the first row of each trial", () => {
    const row = (id: string, trial: string, more: object = {}) => ({
      ...{ id, trial, project: "p", group: "g", world_size: 2, rows: 5 },
      ...more,
    });
    const rows = [row("new", "t", { "summary.loss": 0 }), row("old", "t"), row("other", "u", { "summary.loss": null })];
    expect(latestOfEach(rows, "loss").map(({ id, ranks, hasMetric }) => [id, ranks, hasMetric])).toEqual([
      ["new", 2, true],
      ["other", 2, false],
    ]);
  });
});
