import { describe, expect, it } from "vitest";
import { ago, bytes, duration, flat, measured, number, unitOf, value } from "./format";

describe("number", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [-42, "-42"],
    [999_999, "999999"],
    [1_000_000, "1e6"],
    [1_234_567, "1.23e6"],
    [0.1 + 0.2, "0.3"],
    [0.123456, "0.1235"],
    [12.3456, "12.35"],
    [123_456.7, "123457"],
    [0.001, "0.001"],
    [0.000999, "9.99e-4"],
    [1e-300, "1e-300"],
    [-1.5e20, "-1.5e20"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [null, "–"],
    [undefined, "–"],
  ])("writes %s as %s", (given, text) => {
    expect(number(given)).toBe(text);
  });

  it("rounds to the digits that are asked for", () => {
    expect(number(0.123456, 2)).toBe("0.12");
    expect(number(123.456, 1)).toBe("123");
    expect(number(1.5e9, 6)).toBe("1.5e9");
  });
});

describe("value", () => {
  it.each([
    ["text", "text"],
    ["", ""],
    ["nan", "NaN"],
    [true, "true"],
    [null, "–"],
    [undefined, "–"],
    [[1, 2], "[1,2]"],
    [{ a: 1 }, '{"a":1}'],
    [0.5, "0.5"],
  ])("writes %j as %s", (given, text) => {
    expect(value(given)).toBe(text);
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1536, "1.54 kB"],
    [85.9e9, "85.9 GB"],
    [1e15, "1 PB"],
    [5e18, "5000 PB"],
  ])("writes %d as %s", (size, text) => {
    expect(bytes(size)).toBe(text);
  });
});

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [-1, "0 ms"],
    [0.0004, "0 ms"],
    [0.25, "250 ms"],
    [0.9999, "1 s"],
    [1.25, "1.3 s"],
    [12.34, "12.3 s"],
    [59.96, "1 m"],
    [60, "1 m"],
    [61.9, "1 m 1 s"],
    [3599.9, "59 m 59 s"],
    [3600, "1 h"],
    [3660, "1 h 1 m"],
    [47.5 * 3600, "47 h 30 m"],
    [49 * 3600, "2 d 1 h"],
    [365 * 86_400, "365 d"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("ago", () => {
  it("says now for the last seconds and for the future", () => {
    expect(ago(100, 104)).toBe("now");
    expect(ago(100, 50)).toBe("now");
  });

  it("gives the largest unit", () => {
    expect(ago(0, 59)).toBe("59 s ago");
    expect(ago(0, 3 * 3600 + 120)).toBe("3 h ago");
  });
});

describe("measured", () => {
  it("uses the unit that the metric's name ends with", () => {
    expect(measured("memory.used_bytes", 2.5e9)).toBe("2.5 GB");
    expect(measured("bytes", 1000)).toBe("1 kB");
    expect(measured("kilobytes", 1000)).toBe("1000");
    expect(unitOf("loss")).toBeUndefined();
  });

  it("writes what is not a finite number as any value", () => {
    expect(measured("used_bytes", Number.NaN)).toBe("NaN");
    expect(measured("used_bytes", "nan")).toBe("NaN");
    expect(measured("used_bytes", null)).toBe("–");
  });
});

describe("flat", () => {
  it("joins the names of nested values", () => {
    expect(flat({ a: { b: { c: 1 } }, d: 2 })).toEqual({ "a.b.c": 1, d: 2 });
  });

  it("keeps lists, null and empty objects as they are", () => {
    expect(flat({ a: [1, { b: 2 }], c: null, d: {} })).toEqual({ a: [1, { b: 2 }], c: null, d: {} });
    expect(flat({})).toEqual({});
  });
});
