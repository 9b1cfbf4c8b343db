import { describe, expect, it } from "vitest";
import { clockTexts, clockTicks, clockTitle, momentText } from "./clockAxis";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Noon of 31 December 2025 in the time zone of this machine. */
const NOON = new Date(2025, 11, 31, 12).getTime() / 1000;

describe("the ticks of a wall clock", () => {
  it("are round in this time zone", () => {
    const ticks = clockTicks(NOON + 1, NOON + DAY, 6 * HOUR);
    expect(ticks.map((tick) => (tick - NOON) / HOUR)).toEqual([6, 12, 18, 24]);
    expect(clockTicks(NOON + 1, NOON + 2, 60)).toEqual([]);
  });

  it("have the date at midnight, and seconds only if they are close", () => {
    const texts = clockTexts(clockTicks(NOON, NOON + DAY, 6 * HOUR));
    expect(texts[0]).toBe("12:00");
    expect(texts[2]).toMatch(/Jan/);
    expect(clockTexts([NOON, NOON + 30])[1]).toBe("12:00:30");
  });

  it("have the date everywhere if they are days apart", () => {
    expect(clockTexts([NOON, NOON + DAY]).every((text) => /Dec|Jan/.test(text))).toBe(true);
  });
});

describe("the title of a wall clock", () => {
  it("names the dates once, and the time zone", () => {
    expect(clockTitle(NOON, NOON + HOUR)).toMatch(/^wall clock, [^–]*2025[^–]* \(.+\)$/);
    expect(clockTitle(NOON, NOON + DAY)).toMatch(/2025 – .*2026/);
  });
});

describe("momentText", () => {
  it("has date and time", () => {
    expect(momentText(NOON)).toMatch(/2025.*12:00:00/);
  });
});
