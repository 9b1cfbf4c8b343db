import { describe, expect, it } from "vitest";
import { isDrawn, xName, xText } from "./look";

describe("isDrawn", () => {
  it.each([
    [null, false, false],
    [undefined, false, false],
    [0, false, true],
    [0, true, false],
    [-1, true, false],
    [1e-300, true, true],
  ])("of %s on a logarithmic axis (%s) is %s", (value, isLog, expected) => {
    expect(isDrawn(value, isLog)).toBe(expected);
  });
});

describe("xText", () => {
  it("names the axis, unless it is a time", () => {
    expect(xText(12, "step")).toBe("step 12");
    expect(xText(0.5, "key:epoch")).toBe("epoch 0.5");
    expect(xText(90, "relative")).toBe("1 m 30 s");
    expect(xText(0, "time")).toMatch(/19(69|70)/);
  });

  it("writes whole steps with all digits", () => {
    expect(xText(46_000_138, "step")).toBe("step 46000138");
  });
});

describe("xName", () => {
  it("is what the axis measures", () => {
    expect(["step", "relative", "time", "key:val/loss"].map(xName)).toEqual([
      ...["step", "time since start", "wall clock", "val/loss"],
    ]);
  });
});
