import { describe, expect, it } from "vitest";
import { correlation, correlationRatio, importance, ranks } from "./importance";
import type { Parameter } from "./score";
import { trialOf } from "./testTrial";

const numeric = (name: string): Parameter => ({ name, isNumeric: true, isLog: false, choices: [] });
const choice = (name: string): Parameter => ({ name, isNumeric: false, isLog: false, choices: ["a", "b"] });
const range = (count: number) => Array.from({ length: count }, (_, at) => at);

describe("ranks", () => {
  it("shares the mean among equal values", () => {
    expect(ranks([30, 10, 20])).toEqual([2, 0, 1]);
    expect(ranks([5, 1, 5, 5])).toEqual([2, 0, 2, 2]);
    expect(ranks([7, 7])).toEqual([0.5, 0.5]);
    expect(ranks([])).toEqual([]);
  });
});

describe("correlation", () => {
  it("is 1, -1, or 0 if one side does not vary", () => {
    expect(correlation([1, 2, 3], [10, 20, 30])).toBeCloseTo(1);
    expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1);
    expect(correlation([1, 1, 1], [1, 2, 3])).toBe(0);
  });
});

describe("correlationRatio", () => {
  it("is 1 if the groups explain everything, and 0 if they explain nothing", () => {
    expect(correlationRatio(["a", "a", "b", "b"], [1, 1, 5, 5])).toBe(1);
    expect(correlationRatio(["a", "b", "a", "b"], [1, 1, 5, 5])).toBe(0);
    expect(correlationRatio(["a", "b"], [3, 3])).toBe(0);
  });
});

describe("importance", () => {
  it("finds the parameter that decides, and which way", () => {
    const trials = range(20).map((at) => trialOf(at, at, { params: { good: -at, noise: (at * 7) % 5 } }));
    const [first, second] = importance(trials, [numeric("noise"), numeric("good")], 1);
    expect(first).toEqual({ name: "good", share: 1, direction: 1 });
    expect(second?.share).toBeLessThan(0.3);
    expect(importance(trials, [numeric("good")], -1)[0]?.direction).toBe(-1);
  });

  it("finds a best value in the middle", () => {
    const trials = range(30).map((at) => trialOf(at, (at - 14.5) ** 2, { params: { x: at } }));
    const [found] = importance(trials, [numeric("x")], 1);
    expect(found?.direction).toBe(0);
    expect(found?.share).toBeGreaterThan(0.5);
  });

  it("compares choices by the ranks of their results", () => {
    const trials = range(10).map((at) => trialOf(at, at < 5 ? at : at * 1e6, { params: { kind: at < 5 ? "a" : "b" } }));
    expect(importance(trials, [choice("kind")], 1)[0]?.share).toBeGreaterThan(0.7);
  });

  it("ignores few trials, missing values and trials without a result", () => {
    const trials = [trialOf(1, 1, { params: { x: 1 } }), trialOf(2, 2, { params: { x: 2 } }), trialOf(3, null)];
    expect(importance(trials, [numeric("x")], 1)).toEqual([{ name: "x", share: 0, direction: 0 }]);
    expect(importance([], [choice("x")], 1)).toEqual([{ name: "x", share: 0, direction: 0 }]);
  });

  it("is 0 for equal results", () => {
    const trials = range(10).map((at) => trialOf(at, 1, { params: { x: at } }));
    expect(importance(trials, [numeric("x")], 1)[0]?.share).toBe(0);
  });
});
