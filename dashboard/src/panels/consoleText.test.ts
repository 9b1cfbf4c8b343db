import { describe, expect, it } from "vitest";
import { matchesIn } from "./consoleText";

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
