import { describe, expect, it } from "vitest";
import { HISTOGRAM, TABLE } from "./contents";
import { fileName } from "./fileName";
import { entry } from "./testEntry";

describe("fileName", () => {
  it.each([
    ["image/png", "png"],
    ["image/jpeg", "jpg"],
    ["text/plain", "txt"],
    [TABLE, "json"],
    [HISTOGRAM, "json"],
    ["application/vnd.other+json", "json"],
    ["application/x-unknown-thing", "bin"],
    ["", "bin"],
  ])("of %s ends with %s", (mime, ending) => {
    expect(fileName(entry(7, { key: "val/ä b", mime, index: 2 }))).toBe(`val_b-7-2.${ending}`);
  });
});
