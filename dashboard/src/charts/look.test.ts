import { describe, expect, it } from "vitest";
import { clockText, isDrawn, xText } from "./look";

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
  });
});

describe("clockText", () => {
  it("has seconds only between close ticks", () => {
    expect(clockText(0, [0, 30])).toMatch(/^\d\d:\d\d:\d\d/);
    expect(clockText(0, [0, 60])).toMatch(/^\d\d:\d\d$/);
    expect(clockText(0, [0])).toMatch(/^\d\d:\d\d$/);
  });
});
