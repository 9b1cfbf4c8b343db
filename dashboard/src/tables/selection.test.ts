import { describe, expect, it } from "vitest";
import * as selection from "./selection";

const { EVERYTHING, NOTHING } = selection;
const VIEW = { project: "p", filter: "state = failed or rank = 0" };

describe("a selection", () => {
  it("is in the address as it was given", () => {
    for (const list of [[], ["a", "b"], ["*"], ["*", "c"]]) {
      expect(selection.selectionList(selection.selectionOf(list))).toEqual(list);
    }
  });

  it("knows whether a run is selected", () => {
    expect(selection.isSelected(NOTHING, "a")).toBe(false);
    expect(selection.isSelected(EVERYTHING, "a")).toBe(true);
    expect(selection.isSelected(selection.withToggled(EVERYTHING, "a"), "a")).toBe(false);
    expect(selection.isNothing(selection.inverted(EVERYTHING))).toBe(true);
  });

  it("can be inverted", () => {
    const inverse = selection.inverted({ isAll: false, ids: ["a"] });
    expect([selection.isSelected(inverse, "a"), selection.isSelected(inverse, "b")]).toEqual([false, true]);
  });

  it("takes and gives back ranges", () => {
    const some = selection.withRange(NOTHING, ["a", "b"], true);
    expect(some).toEqual({ isAll: false, ids: ["a", "b"] });
    expect(selection.withRange(some, ["b", "c"], false).ids).toEqual(["a"]);
    const most = selection.withRange(EVERYTHING, ["a", "b"], false);
    expect(most).toEqual({ isAll: true, ids: ["a", "b"] });
    expect(selection.withRange(most, ["b"], true).ids).toEqual(["a"]);
  });

  it("counts its runs", () => {
    expect(selection.selectedCount({ isAll: false, ids: ["a"] }, 9)).toBe(1);
    expect(selection.selectedCount({ isAll: true, ids: ["a"] }, 9)).toBe(8);
    expect(selection.selectedCount(EVERYTHING, undefined)).toBeUndefined();
  });
});

describe("the query of a selection", () => {
  it("is that of the view if all are selected", () => {
    expect(selection.queryOf(EVERYTHING, VIEW)).toEqual({ project: "p", filter: "(state = failed or rank = 0)" });
    expect(selection.queryOf({ isAll: true, ids: ["a"] }, { project: null, filter: "" })).toEqual({
      ...{ project: null, filter: 'not id in ("a")' },
    });
    expect(selection.queryOf({ isAll: false, ids: ["a", "b"] }, VIEW)).toEqual({
      ...{ project: null, filter: 'id in ("a", "b")' },
    });
  });

  it("changes only the runs that the view shows", () => {
    expect(selection.choiceOf({ isAll: false, ids: ["a"] }, VIEW, "active")).toEqual({ ids: ["a"] });
    expect(selection.choiceOf(EVERYTHING, VIEW, "archived").filter).toBe(
      "(state = failed or rank = 0) and archived != null and deleted = null",
    );
    expect(selection.choiceOf(EVERYTHING, { project: null, filter: "" }, "active").filter).toBe(
      "archived = null and deleted = null",
    );
  });
});
