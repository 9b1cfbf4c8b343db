import { describe, expect, it } from "vitest";
import { layoutOf } from "./layout";
import { type Column, columnWidth } from "./types";

const column = (id: string, more: Partial<Column<unknown>> = {}): Column<unknown> => {
  return { id, title: id, width: 100, cell: () => null, ...more };
};

describe("layoutOf", () => {
  const layout = layoutOf([
    column("a", { isPinned: true, width: 40 }),
    column("b"),
    column("c", { isPinned: true, isNumber: true }),
    column("d", { isNumber: true }),
    column("e", { isSized: true, width: 55 }),
  ]);

  it("shares the remaining width among columns without their own width", () => {
    expect(layout.template).toBe("40px minmax(100px, 1fr) 100px minmax(100px, 0.6fr) 55px");
    expect(layout.width).toBe(395);
  });

  it("keeps pinned columns one beside the other", () => {
    expect([0, 1, 2].map(layout.cellStyle)).toEqual([{ left: "0px" }, {}, { left: "40px" }]);
    expect(layout.cellClass(2)).toBe("cell number pinned");
    expect(layout.cellClass(1)).toBe("cell");
  });

  it("has no columns without columns", () => {
    expect(layoutOf([])).toMatchObject({ template: "", width: 0 });
  });
});

describe("columnWidth", () => {
  it.each([
    [-5, 44],
    [100.4, 100],
    [1e9, 900],
  ])("limits %d", (width, allowed) => {
    expect(columnWidth(width)).toBe(allowed);
  });
});
