import { describe, expect, it } from "vitest";
import { faded, lineColor, lineDash, mixed, scaleColor } from "./theme";

describe("colours", () => {
  it("repeat after ten lines, with dashes", () => {
    expect(lineColor(10, "light")).toBe(lineColor(0, "light"));
    expect(lineColor(1, "light")).not.toBe(lineColor(0, "light"));
    expect(lineDash(9)).toBeUndefined();
    expect(lineDash(10)).toEqual([7, 3]);
    expect(lineColor(-1, "dark")).toBe(lineColor(0, "dark"));
  });

  it("go from best to worst, and no further", () => {
    expect(scaleColor(0, "light")).toBe("rgba(8,92,94,1)");
    expect(scaleColor(1, "light", 0.5)).toBe("rgba(184,128,58,0.5)");
    expect(scaleColor(7, "light")).toBe(scaleColor(1, "light"));
    expect(scaleColor(-1, "light")).toBe(scaleColor(0, "light"));
  });

  it("are mixed and faded", () => {
    expect(mixed([0, 0, 0], [100, 200, 50], 0.5)).toBe("rgba(50,100,25,1)");
    expect(faded("#102030", 0.5)).toBe("#10203080");
    expect(faded("rgba(1,2,3,1)", 0.25)).toBe("rgba(1,2,3,0.25)");
  });
});
