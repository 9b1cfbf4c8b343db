import { describe, expect, it } from "vitest";
import { codeChanges, gitCommand } from "./codeChanges";

describe("codeChanges", () => {
  it("finds what was added, removed and changed", () => {
    const before = [
      { path: "a.py", digest: "1" },
      { path: "b.py", digest: "2" },
      { path: "c.py", digest: "3" },
    ];
    const after = [
      { path: "d.py", digest: "4" },
      { path: "a.py", digest: "1" },
      { path: "c.py", digest: "5" },
    ];
    expect(codeChanges(before, after)).toEqual([
      { path: "b.py", kind: "removed", before: "2", after: "" },
      { path: "c.py", kind: "changed", before: "3", after: "5" },
      { path: "d.py", kind: "added", before: "", after: "4" },
    ]);
  });
});

describe("gitCommand", () => {
  it("needs two commits that differ", () => {
    expect([gitCommand("a", "b"), gitCommand("a", "a"), gitCommand("", "b")]).toEqual(["git diff a b", null, null]);
  });
});
