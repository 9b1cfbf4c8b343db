import { describe, expect, it } from "vitest";
import { distinctTexts, tickTexts } from "./tickTexts";

const CASES: [number[], string[]][] = [
  [
    [0.9996, 0.99965, 0.9997],
    ["0.99960", "0.99965", "0.99970"],
  ],
  [
    [12.345, 12.3455],
    ["12.3450", "12.3455"],
  ],
  [
    [0, 0.5, 1],
    ["0", "0.5", "1.0"],
  ],
  [
    [0, 0.25, 0.5],
    ["0", "0.25", "0.50"],
  ],
  [
    [-50, 0, 50],
    ["-50", "0", "50"],
  ],
  [
    [0, 2000, 4000],
    ["0", "2000", "4000"],
  ],
  [
    [0, 5000, 10_000],
    ["0", "5k", "10k"],
  ],
  [
    [0, 500_000, 1_000_000, 1_500_000],
    ["0", "0.5M", "1.0M", "1.5M"],
  ],
  [
    [1_235_000_000, 1_235_020_000],
    ["1235.00M", "1235.02M"],
  ],
  [
    [123e9, 124e9],
    ["123G", "124G"],
  ],
  [
    [1e-5, 2e-5, 2.5e-5],
    ["1e-5", "2.0e-5", "2.5e-5"],
  ],
  [
    [1e20, 2e20],
    ["1e20", "2e20"],
  ],
  [
    [0.001, 0.01, 0.1, 1],
    ["0.001", "0.010", "0.10", "1.0"],
  ],
  [[7], ["7"]],
  [[], []],
];

describe("tickTexts", () => {
  it.each(CASES)("of %j are %j", (values, texts) => {
    expect(tickTexts(values)).toEqual(texts);
  });

  it("are all different, whatever the zoom", () => {
    for (const start of [0, 1, 45_999_000, 1_234_567_890]) {
      for (const step of [1e-3, 0.25, 1, 20, 5000]) {
        const ticks = Array.from({ length: 6 }, (_, at) => Number((start + at * step).toPrecision(14)));
        expect(new Set(tickTexts(ticks)).size).toBe(6);
      }
    }
  });
});

describe("distinctTexts", () => {
  it("uses a format as long as it tells ticks apart", () => {
    expect(distinctTexts([1, 2], (value) => `${value} s`)).toEqual(["1 s", "2 s"]);
    expect(distinctTexts([1, 2], () => "same")).toEqual(["1", "2"]);
  });
});
