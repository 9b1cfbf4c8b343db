import { describe, expect, it } from "vitest";
import { diffLines, isTextFile, paired } from "./textDiff";

describe("diffLines", () => {
  it("shows what changes, with lines around it", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const found = diffLines(lines.join("\n"), lines.join("\n").replace("line 10", "line ten"));
    expect(found.map(({ text }) => text)).toEqual([
      "@@ line 8 · line 8 @@",
      ...[" line 7", " line 8", " line 9", "-line 10", "+line ten", " line 11", " line 12", " line 13"],
    ]);
    expect(found.map(({ kind }) => kind).filter((kind) => kind !== "same")).toEqual(["place", "removed", "added"]);
  });

  it("is empty for equal texts", () => {
    expect(diffLines("a\n", "a\n")).toEqual([]);
  });
});

describe("paired", () => {
  it("puts what was replaced beside what replaced it, with the numbers of both", () => {
    const rows = paired(diffLines("a\nb\nc\n", "a\nB\nx\nc\n"));
    expect(rows.map(({ before, after }) => [before?.line, before?.text, after?.line, after?.text])).toEqual([
      [undefined, "@@ line 1 · line 1 @@", undefined, "@@ line 1 · line 1 @@"],
      [1, "a", 1, "a"],
      [2, "b", 2, "B"],
      [undefined, undefined, 3, "x"],
      [3, "c", 4, "c"],
    ]);
  });
});

describe("isTextFile", () => {
  it("knows text by the name of the file", () => {
    expect([isTextFile("src/train.py", 10), isTextFile("last.ckpt", 10), isTextFile("big.log", 1e9)]).toEqual([
      ...[true, false, false],
    ]);
  });
});
