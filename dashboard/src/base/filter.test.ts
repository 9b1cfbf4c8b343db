import { describe, expect, it } from "vitest";
import { filterOf, quoted } from "./filter";

describe("quoted", () => {
  it("escapes quotes and backslashes", () => {
    expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"');
    expect(quoted("")).toBe('""');
  });
});

describe("filterOf", () => {
  it("is empty if nothing is typed and no state is chosen", () => {
    expect(filterOf("", "")).toBe("");
    expect(filterOf("   ", "")).toBe("");
  });

  it("looks for every word in several columns", () => {
    const filter = filterOf("fit  gpu", "");
    expect(filter.split(") and (")).toHaveLength(2);
    expect(filter).toContain('name ~ "fit"');
    expect(filter).toContain('tags has "gpu"');
  });

  it("takes a text with an operator as a filter", () => {
    expect(filterOf("config.lr > 0.01", "")).toBe("(config.lr > 0.01)");
    expect(filterOf("tags has x", "")).toBe("(tags has x)");
    expect(filterOf("state in (failed)", "running")).toBe("(state in (failed)) and state = running");
  });

  it("does not take a word that contains an operator's letters for one", () => {
    expect(filterOf("inside hash", "")).toContain('name ~ "inside"');
  });

  it("means the state of the group if ranks are folded", () => {
    expect(filterOf("", "killed", true)).toBe("group_state = killed");
  });
});
