import { expect, it } from "vitest";
import { withoutView, withRuns, withRunToggled, withView } from "./projectEdits";
import type { ProjectPage } from "./types";

const page: ProjectPage = {
  ...{ name: "p", description: "", notes: "", runs: ["a"], views: [{ name: "v", address: "/runs" }] },
  ...{ columns: [], metric: "", version: 1, edited: null, edited_by: null, reports: [] },
};

it("pins each run once, and takes pins away", () => {
  expect(withRuns(["b", "a", "b"])(page)).toEqual({ runs: ["a", "b"] });
  expect(withRunToggled("b")(page)).toEqual({ runs: ["a", "b"] });
  expect(withRunToggled("a")(page)).toEqual({ runs: [] });
});

it("replaces a view of the same name", () => {
  expect(withView("v", "/nodes")(page)).toEqual({ views: [{ name: "v", address: "/nodes" }] });
  expect(withView("w", "/nodes")(page).views).toHaveLength(2);
  expect(withoutView("v")(page)).toEqual({ views: [] });
});
