import { describe, expect, it } from "vitest";
import { tableCsv } from "./tableCsv";

describe("tableCsv", () => {
  it("has whole values, and quotes what needs it", () => {
    const rows = [
      { id: "a", name: 'x, "y"', "config.seed": 4294967295, tags: ["p", "q"] },
      { id: "b", name: "z", "config.seed": null, tags: [] },
    ];
    expect(tableCsv(["id", "name", "config.seed", "tags"], rows).split("\n")).toEqual([
      "id,name,config.seed,tags",
      'a,"x, ""y""",4294967295,"[""p"",""q""]"',
      "b,z,,[]",
    ]);
  });
});
