import { describe, expect, it } from "vitest";
import { metricKeys, parseZoom, searchKeys, sectionsOf, zoomText } from "./metricKeys";

describe("metricKeys", () => {
  it("are the numbers of all runs, finite or not, and nothing else", () => {
    const summary = { loss: 1, broken: "nan", high: "inf", low: "-inf", name: "x", list: [1], none: null, flag: true };
    expect(metricKeys([{ run: { summary } }, { run: { summary: { "val/loss": 0 } } }])).toEqual([
      ...["val/loss", "broken", "high", "loss", "low"],
    ]);
    expect(metricKeys([])).toEqual([]);
  });
});

describe("searchKeys", () => {
  const keys = ["val/loss", "train/acc"];

  it("finds by a regular expression, in upper or lower case", () => {
    expect(searchKeys(keys, "LOSS|x").found).toEqual(["val/loss"]);
    expect(searchKeys(keys, "nothing").found).toEqual([]);
    expect(searchKeys(keys, "").found).toBe(keys);
  });

  it("finds all keys, and says why, if the expression is not valid", () => {
    const { found, error } = searchKeys(keys, "(");
    expect(found).toBe(keys);
    expect(error).toContain("Invalid regular expression");
  });
});

describe("sectionsOf", () => {
  it("groups by what precedes the first slash, the pinned ones first", () => {
    expect(sectionsOf(["val/a", "val/b/c", "epoch", "train/a"], ["train/a", "gone"])).toEqual([
      ["pinned", ["train/a"]],
      ["val", ["val/a", "val/b/c"]],
      ["other", ["epoch"]],
    ]);
    expect(sectionsOf([], [])).toEqual([]);
  });
});

describe("the zoom in the address", () => {
  it("is read as it was written", () => {
    expect(parseZoom(zoomText([-1.5, 1e9]))).toEqual([-1.5, 1e9]);
    expect(zoomText(null)).toBe("");
  });

  it.each(["", "5", "5_1", "1_1", "a_b", "_"])("is null for %j", (text) => {
    expect(parseZoom(text)).toBeNull();
  });
});
