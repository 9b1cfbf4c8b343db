import { describe, expect, it } from "vitest";
import { parseSort, toggled } from "./router";

describe("parseSort", () => {
  it("reads the direction from a minus", () => {
    expect(parseSort("-created")).toEqual({ by: "created", isDown: true });
    expect(parseSort("config.a-b")).toEqual({ by: "config.a-b", isDown: false });
    expect(parseSort("")).toEqual({ by: "", isDown: false });
  });
});

describe("toggled", () => {
  it("adds at the end, and removes", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled([], "a")).toEqual(["a"]);
  });
});
