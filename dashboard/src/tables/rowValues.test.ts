import { describe, expect, it } from "vitest";
import { repeatedNames, seconds, text } from "./rowValues";

describe("text", () => {
  it("is empty for what is missing", () => {
    expect([null, undefined, "", 0, false].map(text)).toEqual(["", "", "", "0", "false"]);
  });
});

describe("seconds", () => {
  it("is 0 for what is no number", () => {
    expect([1.5, 0, null, undefined, "7"].map(seconds)).toEqual([1.5, 0, 0, 0, 0]);
  });
});

describe("repeatedNames", () => {
  it("are those of several rows", () => {
    expect([...repeatedNames([{ name: "a" }, { name: "b" }, { name: "a" }])]).toEqual(["a"]);
    expect(repeatedNames([]).size).toBe(0);
  });
});
