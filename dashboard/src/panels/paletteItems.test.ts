import { describe, expect, it } from "vitest";
import { paletteItems } from "./paletteItems";

const KNOWN = {
  projects: ["digits", "my vision"],
  sweeps: [{ id: "s1", name: "big sweep", project: "digits" }],
  runs: [{ id: "r1", name: "found on the server", project: "digits" }],
  metrics: ["summary.val/loss"],
};
const names = (text: string) => paletteItems(text, KNOWN).map(({ kind, name }) => `${kind} ${name}`);

describe("paletteItems", () => {
  it("are everything without a text", () => {
    expect(names("")).toHaveLength(4 + 2 + 1 + 1 + 1);
  });

  it("contain all words, in the kind or the name, and runs as the server found them", () => {
    expect(names("proj dig")).toEqual(["project digits", "run found on the server · digits"]);
    expect(names("sweep")).toEqual(["page Sweeps", "sweep big sweep · digits", "run found on the server · digits"]);
  });

  it("lead to pages", () => {
    expect(paletteItems("val/loss", KNOWN)[0]?.address).toBe("/runs?view=Charts&chart=val%2Floss");
    expect(paletteItems("vision", KNOWN)[0]?.address).toBe("/projects/my%20vision");
  });
});
