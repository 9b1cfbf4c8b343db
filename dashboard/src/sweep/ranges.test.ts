import { describe, expect, it } from "vitest";
import { rangesText } from "./ranges";

describe("rangesText", () => {
  it.each<[number[], string]>([
    [[], ""],
    [[7, 1, 3, 2], "1-3,7"],
    [[5, 5], "5"],
    [[1, 2, 4, 5], "1-2,4-5"],
  ])("of %j is %j", (numbers, text) => {
    expect(rangesText(numbers)).toBe(text);
  });
});
