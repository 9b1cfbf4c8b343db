import { describe, expect, it, vi } from "vitest";
import { onCross, onPointed, pointAt, showCross } from "./crosshair";

describe("the crosshair", () => {
  it("is the same for all charts, until they end", () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const ends = [onCross(first), onCross(second)];
    const cross = { x: 1, line: "a", source: {} };
    showCross(cross);
    for (const end of ends) end();
    showCross(null);
    expect(first.mock.calls).toEqual([[cross]]);
    expect(second.mock.calls).toEqual([[cross]]);
  });

  it("does not mix with the line that is pointed at", () => {
    const [cross, pointed] = [vi.fn(), vi.fn()];
    const ends = [onCross(cross), onPointed(pointed)];
    pointAt("run");
    pointAt(null);
    for (const end of ends) end();
    expect(cross).not.toHaveBeenCalled();
    expect(pointed.mock.calls).toEqual([["run"], [null]]);
  });
});
