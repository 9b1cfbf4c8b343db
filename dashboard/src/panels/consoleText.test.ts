import { describe, expect, it } from "vitest";
import type { ConsoleLine } from "../api/types";
import { isCut, matchesIn } from "./consoleText";

describe("matchesIn", () => {
  it("finds every occurrence, in upper or lower case", () => {
    expect(matchesIn("Line 1, line 2", "LINE")).toEqual([
      { text: "Line", isMatch: true },
      { text: " 1, ", isMatch: false },
      { text: "line", isMatch: true },
      { text: " 2", isMatch: false },
    ]);
  });

  it("finds nothing if nothing is searched, or nothing is there", () => {
    expect(matchesIn("text", "")).toEqual([{ text: "text", isMatch: false }]);
    expect(matchesIn("", "x")).toEqual([]);
    expect(matchesIn("aaa", "aa")).toEqual([
      { text: "aa", isMatch: true },
      { text: "a", isMatch: false },
    ]);
  });
});

describe("isCut", () => {
  const lines = (run: string, count: number) =>
    Array.from({ length: count }, (_, id): ConsoleLine => ({ id, run, rank: 0, time: 0, stream: "stdout", line: "" }));

  it("compares the lines of one run with what was asked for", () => {
    expect(isCut(lines("a", 1000), [{ id: "a" }], 1000, 10_000)).toBe(true);
    expect(isCut(lines("a", 999), [{ id: "a" }], 1000, 10_000)).toBe(false);
    expect(isCut([], [{ id: "a" }], 1000, 10_000)).toBe(false);
  });

  it("compares the lines of each of several runs with its part", () => {
    const runs = [{ id: "a" }, { id: "b" }];
    expect(isCut([...lines("a", 50), ...lines("b", 3)], runs, 1000, 100)).toBe(true);
    expect(isCut([...lines("a", 49), ...lines("b", 49)], runs, 1000, 100)).toBe(false);
  });
});
