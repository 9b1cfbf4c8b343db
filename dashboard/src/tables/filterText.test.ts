import { describe, expect, it } from "vitest";
import { columnText, filterFault, typedPart, valueText, withComparison } from "./filterText";

describe("filterFault", () => {
  it.each([
    "",
    "state = finished",
    "summary.val/loss < 1e-3 and not (config.lr >= 0.1 or tags has debug)",
    "state in (failed, 'killed') and name ~ \"a b\"",
    "summary.`val loss` > -2",
  ])("finds nothing wrong with %j", (text) => {
    expect(filterFault(text)).toBeNull();
  });

  it.each<[string, number, string]>([
    ["config.lr <", 11, "value"],
    ["config.lr", 9, "`<=`"],
    ["config.lr 0.1", 10, "`<=`"],
    ["state = finished name = a", 17, "`and`"],
    ["state = finished and", 20, "column"],
    ["(state = finished", 17, "bracket"],
    ["state in (a, b", 14, "list"],
    ["state in (a b)", 12, "`,`"],
    ['name = "a', 7, "quote"],
    ["= 3", 0, "column"],
    ["state = finished)", 16, "`and`"],
  ])("of %j is at %i: %s", (text, at, words) => {
    const fault = filterFault(text);
    expect(fault?.at).toBe(at);
    expect(fault?.message).toContain(words);
  });
});

describe("typedPart", () => {
  it.each([
    ["", { expected: "column", start: 0, text: "" }],
    ["conf", { expected: "column", start: 0, text: "conf" }],
    ["config.lr ", { expected: "operator", start: 10, text: "", column: "config.lr" }],
    ["config.opt = ad", { expected: "value", start: 13, text: "ad", column: "config.opt" }],
    ['config.opt = "ad a', { expected: "value", start: 13, text: "ad a", column: "config.opt" }],
    ["state in (failed, ki", { expected: "value", start: 18, text: "ki", column: "state" }],
    ["state = finished ", { expected: "join", start: 17, text: "" }],
    ["state = finished and su", { expected: "column", start: 21, text: "su" }],
  ])("of %j", (text, expected) => {
    expect(typedPart(text)).toMatchObject(expected);
  });
});

describe("texts of filters", () => {
  it("quote what needs it", () => {
    expect([columnText("config.lr"), columnText("summary.val loss"), columnText("config.a.b c")]).toEqual([
      "config.lr",
      "summary.`val loss`",
      "config.`a.b c`",
    ]);
    expect([
      valueText(0.1),
      valueText("adam"),
      valueText("1"),
      valueText("a b"),
      valueText('x"y'),
      valueText(null),
    ]).toEqual(["0.1", "adam", '"1"', '"a b"', '"x\\"y"', "null"]);
  });

  it("are joined with and", () => {
    expect(withComparison("", "a = 1")).toBe("a = 1");
    expect(withComparison("some words", "a = 1")).toBe("a = 1");
    expect(withComparison("b = 2", "a = 1")).toBe("b = 2 and a = 1");
    expect(withComparison("b = 2 or c = 3", "a = 1")).toBe("(b = 2 or c = 3) and a = 1");
    expect(withComparison("b = 2 and a = 1", "a = 1")).toBe("b = 2 and a = 1");
  });
});
