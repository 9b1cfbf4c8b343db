import { describe, expect, it } from "vitest";
import { bestSoFar, hasWideRange, isTop, parameters, ranking, sign } from "./score";
import { trialOf } from "./testTrial";

describe("sign", () => {
  it("is 1 if smaller is better", () => {
    expect(sign({ goal: "minimize" })).toBe(1);
    expect(sign({ goal: "maximize" })).toBe(-1);
  });
});

describe("ranking", () => {
  const trials = [trialOf(1, 3), trialOf(2, 1), trialOf(3, null), trialOf(4, 1e9)];

  it("goes from best (0) to worst (1) by rank, so that an outlier does not dominate", () => {
    expect([...ranking(trials, 1)]).toEqual([
      ["t2", 0],
      ["t1", 0.5],
      ["t4", 1],
    ]);
    expect(ranking(trials, -1).get("t4")).toBe(0);
  });

  it("leaves out trials without a value", () => {
    expect(ranking([trialOf(1, null)], 1).size).toBe(0);
    expect(ranking([], 1).size).toBe(0);
  });

  it("calls a single trial the best, and keeps the order of equal ones", () => {
    expect([...ranking([trialOf(1, 0)], 1)]).toEqual([["t1", 0]]);
    expect([...ranking([trialOf(1, 5), trialOf(2, 5)], 1).keys()]).toEqual(["t1", "t2"]);
  });

  it("does not change the order of its argument", () => {
    ranking(trials, 1);
    expect(trials.map((trial) => trial.number)).toEqual([1, 2, 3, 4]);
  });
});

describe("isTop", () => {
  it.each([
    [1000, 10],
    [50, 5],
    [11, 2],
    [5, 1],
    [1, 1],
  ])("of %d trials chooses the best tenth, ten at most", (count, expected) => {
    const places = Array.from({ length: count }, (_, at) => (count > 1 ? at / (count - 1) : 0));
    expect(places.filter((place) => isTop(place, count))).toHaveLength(expected);
  });
});

describe("bestSoFar", () => {
  it("follows the time of the end, and knows which trials were new bests", () => {
    const trials = [trialOf(1, 3, { ended: 10 }), trialOf(2, 5, { ended: 5 }), trialOf(3, 3, { ended: 20 })];
    expect(bestSoFar(trials, 1).map(({ time, best, isNew }) => [time, best, isNew])).toEqual([
      [5, 5, true],
      [10, 3, true],
      [20, 3, false],
    ]);
  });

  it("maximizes too, and leaves out running trials and those without a value", () => {
    const trials = [trialOf(1, -2), trialOf(2, 7), trialOf(3, 9, { ended: null }), trialOf(4, null)];
    expect(bestSoFar(trials, -1).map(({ best }) => best)).toEqual([-2, 7]);
    expect(bestSoFar([], 1)).toEqual([]);
  });
});

describe("hasWideRange", () => {
  it.each([
    [[], false],
    [[1], false],
    [[1, 20], false],
    [[1, 21], true],
    [[0, 100], false],
    [[-1, 100], false],
  ])("of %j is %s", (values, expected) => {
    expect(hasWideRange(values)).toBe(expected);
  });
});

describe("parameters", () => {
  const config = { parameters: { lr: { distribution: "log_uniform_values" }, layers: { values: [1, 2] } } };

  it("are those whose values differ", () => {
    const trials = [
      trialOf(1, 1, { params: { lr: 0.1, layers: 2, seed: 1, model: { kind: "a" } } }),
      trialOf(2, 1, { params: { lr: 0.2, layers: 1, seed: 1, model: { kind: "b" } } }),
    ];
    expect(parameters({ config }, trials)).toEqual([
      { name: "lr", isNumeric: true, isLog: true, choices: [] },
      { name: "layers", isNumeric: true, isLog: false, choices: ["1", "2"] },
      { name: "model.kind", isNumeric: false, isLog: false, choices: ["a", "b"] },
    ]);
  });

  it("have the axis of their distribution, however much their values span", () => {
    const trials = [1, 10, 100].map((value, at) => trialOf(at, 1, { params: { x: value } }));
    expect(parameters({ config: {} }, trials)[0]?.isLog).toBe(false);
  });

  it("have the axis of their distribution if they are nested too", () => {
    const nested = {
      lr: { distribution: "log_uniform_values", min: 1e-3, max: 1e-2 },
      size: { values: [16, 32] },
    };
    const trials = [
      trialOf(1, 1, { params: { opt: { lr: 1e-3, size: 16 } } }),
      trialOf(2, 1, { params: { opt: { lr: 2e-3, size: 32 } } }),
    ];
    expect(parameters({ config: { parameters: { opt: { parameters: nested } } } }, trials)).toEqual([
      { name: "opt.lr", isNumeric: true, isLog: true, choices: [] },
      { name: "opt.size", isNumeric: true, isLog: false, choices: ["16", "32"] },
    ]);
  });

  it("are choices if they are numbers and words, and none without trials", () => {
    const trials = [trialOf(1, 1, { params: { x: 1 } }), trialOf(2, 1, { params: { x: "auto" } })];
    expect(parameters({ config: {} }, trials)[0]).toMatchObject({ isNumeric: false, choices: ["1", "auto"] });
    expect(parameters({ config }, [])).toEqual([]);
    expect(parameters({ config }, [trialOf(1, 1, { params: { x: 1 } })])).toEqual([]);
  });
});
