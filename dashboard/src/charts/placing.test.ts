import { describe, expect, it } from "vitest";
import { fittingTicks, placeOn, spreadOn } from "./placing";

const LINEAR = { isLog: false, choices: [] };
const LOG = { isLog: true, choices: [] };
const CHOICES = { isLog: false, choices: ["a", "b"] };

describe("placeOn", () => {
  it("leaves a margin at both ends of an axis of numbers", () => {
    const { places } = placeOn(LINEAR, [0, 5, 10]);
    expect(places.map((place) => Number(place?.toFixed(9)))).toEqual([0.05, 0.5, 0.95]);
  });

  it("is logarithmic if the axis is", () => {
    const { places } = placeOn(LOG, [0.01, 0.1, 1]);
    expect(places[1]).toBeCloseTo(0.5);
  });

  it("has no place for what is not on the axis", () => {
    expect(placeOn(LOG, [1, 0, -1, "x", null, Number.NaN, 10]).places.slice(1, 6)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(placeOn(CHOICES, ["a", "c"]).places).toEqual([0.25, null]);
  });

  it("places one value, and equal values", () => {
    const { places, ticks } = placeOn(LINEAR, [3, 3]);
    expect(places).toEqual([0.05, 0.05]);
    expect(ticks).toEqual([{ text: "3", place: 0.05 }]);
  });

  it("has no ticks without values, and one for each choice", () => {
    expect(placeOn(LINEAR, [])).toEqual({ places: [], ticks: [] });
    expect(placeOn(LOG, [null])).toEqual({ places: [null], ticks: [] });
    expect(placeOn(CHOICES, []).ticks).toEqual([
      { text: "a", place: 0.25 },
      { text: "b", place: 0.75 },
    ]);
  });

  it("puts ticks within the axis", () => {
    for (const { place } of placeOn(LINEAR, [0.37, 9.2]).ticks) {
      expect(place).toBeGreaterThanOrEqual(0.05);
      expect(place).toBeLessThanOrEqual(0.95);
    }
  });
});

describe("spreadOn", () => {
  it("moves dots of choices aside, the same way each time and within the choice's room", () => {
    const places = Array.from({ length: 100 }, (_, trial) => spreadOn(CHOICES, 0.25, trial));
    expect(new Set(places).size).toBeGreaterThan(90);
    expect(Math.min(...places)).toBeGreaterThan(0.1);
    expect(Math.max(...places)).toBeLessThan(0.4);
    expect(spreadOn(CHOICES, 0.25, 7)).toBe(places[7]);
  });

  it("does not move dots of numbers", () => {
    expect(spreadOn(LINEAR, 0.3, 7)).toBe(0.3);
  });
});

describe("fittingTicks", () => {
  it("leaves some out where there is no room", () => {
    const ticks = Array.from({ length: 40 }, (_, at) => ({ text: String(at), place: at / 40 }));
    expect(
      fittingTicks(ticks, 280)
        .map(({ text }) => text)
        .slice(0, 3),
    ).toEqual(["0", "2", "4"]);
    expect(fittingTicks(ticks.slice(0, 3), 280)).toHaveLength(3);
  });
});
