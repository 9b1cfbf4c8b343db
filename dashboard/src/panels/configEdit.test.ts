import { describe, expect, it } from "vitest";
import { configEdit, startOf } from "./configEdit";

const config = { lr: 0.1, name: "5", net: { depth: 3, "a.b": { c: [1] } }, "x.y": 1 };

describe("an edit of the configuration", () => {
  it.each([
    ["lr", ".5", { lr: 0.5 }],
    ["net.depth", " 4 ", { net: { depth: 4 } }],
    ["net.a.b.c", "[1, 2]", { net: { "a.b": { c: [1, 2] } } }],
    ["x.y", "null", { "x.y": null }],
    [" new ", "a text", { new: "a text" }],
    ["new.inner", "true", { new: { inner: true } }],
    ["lr.decay", "2", { lr: { decay: 2 } }],
  ])("%s becomes %s", (name, typed, wanted) => {
    expect(configEdit(config, name, typed)).toEqual(wanted);
  });

  it.each([
    ["lr", "0.1"],
    ["name", "5"],
    ["net.a.b.c", "[1]"],
    ["unknown", ""],
  ])("%s starts as %s", (name, text) => {
    expect(startOf(config, name)).toBe(text);
  });
});
