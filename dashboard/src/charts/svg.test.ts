import { describe, expect, it } from "vitest";
import { toSvg } from "./svg";
import { lineOf, lookOf } from "./testLine";

function pathsOf(svg: string): string[] {
  return [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map((match) => match[1] ?? "");
}

describe("toSvg", () => {
  it("draws a line from the lower left to the upper right", () => {
    expect(pathsOf(toSvg("loss", [lineOf([0, 1], [0, 1])], lookOf()))).toEqual(["M64.0 360.0L624.0 32.0"]);
  });

  it("escapes names", () => {
    const svg = toSvg("<a&b>", [lineOf([0, 1], [0, 1], { label: '"</svg>' })], lookOf());
    expect(svg).toContain("&lt;a&amp;b&gt;");
    expect(svg).toContain("&quot;&lt;/svg&gt;");
    expect(svg.match(/<\/svg>/g)).toHaveLength(1);
  });

  it("leaves out what is not in the zoom, missing, or not on a logarithmic axis", () => {
    const line = lineOf([0, 1, 2, 3], [1, null, -2, 4]);
    expect(pathsOf(toSvg("a", [line], lookOf({ isLogY: true })))[0]?.split("L")).toHaveLength(2);
    expect(pathsOf(toSvg("a", [line], lookOf({ zoom: [2, 3] })))[0]?.split("L")).toHaveLength(2);
    expect(pathsOf(toSvg("a", [lineOf([], [])], lookOf()))).toEqual([]);
  });

  it("draws one point as a dot, and equal values without NaN", () => {
    expect(toSvg("a", [lineOf([1], [1])], lookOf())).toContain("<circle");
    expect(toSvg("a", [lineOf([1], [1])], lookOf())).not.toContain("NaN");
    expect(toSvg("a", [], lookOf({ isLogX: true }))).not.toContain("NaN");
  });
});
