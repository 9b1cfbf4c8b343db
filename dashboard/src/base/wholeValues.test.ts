import { describe, expect, it } from "vitest";
import { withWholeValues } from "./wholeValues";

describe("withWholeValues", () => {
  it("replaces each rounded value at its place", () => {
    const shown = [
      { text: "0.12", whole: "0.1234" },
      { text: "0.12", whole: "0.1249" },
    ];
    expect(withWholeValues("loss 0.12\tacc 0.12", shown)).toBe("loss 0.1234\tacc 0.1249");
  });

  it("leaves a part of a value, and text without values, as they are", () => {
    expect(withWholeValues("0.1", [{ text: "0.12", whole: "0.1234" }])).toBe("0.1");
    expect(withWholeValues("loss", [])).toBe("loss");
  });
});
