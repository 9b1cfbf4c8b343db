import { describe, expect, it } from "vitest";
import { axisOrder, brushedTrials, movedAxis, OBJECTIVE, parallelAxes } from "./parallelAxes";
import type { Parameter } from "./score";
import { trialOf } from "./testTrial";

const NOTHING = { order: [], hidden: [], flipped: [], rescaled: [] };
const lr: Parameter = { name: "opt.lr", isNumeric: true, isLog: true, choices: [] };
const kind: Parameter = { name: "kind", isNumeric: false, isLog: false, choices: ["a", "b"] };
const TRIALS = [
  trialOf(1, 1, { params: { opt: { lr: 0.01 }, kind: "a" } }),
  trialOf(2, 2, { params: { opt: { lr: 0.1 }, kind: "b" } }),
  trialOf(3, 3, { params: { opt: { lr: 1 } } }),
].map((trial) => ({ ...trial, objective: trial.objective ?? 0 }));
const axesOf = (choices = {}) =>
  parallelAxes({ metric: "loss", goal: "minimize" }, TRIALS, [lr, kind], { ...NOTHING, ...choices });

describe("axes", () => {
  it("end with the objective, and keep an order that was chosen", () => {
    expect(axisOrder([lr, kind], [])).toEqual(["opt.lr", "kind", OBJECTIVE]);
    expect(axisOrder([lr, kind], ["kind", "gone"])).toEqual(["kind", "opt.lr", OBJECTIVE]);
    expect(movedAxis(["a", "b", "c"], "c", 0)).toEqual(["c", "a", "b"]);
    expect(movedAxis(["a", "b", "c"], "a", 9)).toEqual(["b", "c", "a"]);
  });

  it("have the best value on top, and a logarithmic scale where it is declared", () => {
    const [first, second, last] = axesOf();
    expect([first?.title, first?.isLog, first?.isFlipped]).toEqual(["lr", true, false]);
    expect(first?.places[1]).toBeCloseTo(0.5);
    expect(second?.places).toEqual([0.25, 0.75, null]);
    expect([last?.title, last?.isFlipped]).toEqual(["loss", true]);
  });

  it("can be hidden, flipped and rescaled", () => {
    const [first, last] = axesOf({ hidden: ["kind"], flipped: [OBJECTIVE], rescaled: ["opt.lr"] });
    expect([first?.isLog, last?.isFlipped]).toEqual([false, false]);
  });
});

describe("brushedTrials", () => {
  it("takes trials that are in a part of each brushed axis", () => {
    const axes = axesOf();
    expect(brushedTrials(axes, new Map())).toBeNull();
    expect(
      brushedTrials(
        axes,
        new Map([
          [
            "opt.lr",
            [
              [0, 0.1],
              [0.9, 1],
            ],
          ],
        ]),
      ),
    ).toEqual(new Set([0, 2]));
    expect(
      brushedTrials(
        axes,
        new Map([
          ["opt.lr", [[0, 1]]],
          ["kind", [[0.5, 1]]],
        ]),
      ),
    ).toEqual(new Set([1]));
  });
});
