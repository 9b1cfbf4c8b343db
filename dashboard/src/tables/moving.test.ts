import { expect, test } from "vitest";
import { moved, together, UNDO, wholeGroups } from "./moving";

test("what was done is said with the runs that were left", () => {
  expect(moved("delete", { count: 2, rows: 9, running: 0, runs: ["a", "b"] })).toBe("2 runs moved to the trash");
  expect(moved("archive", { count: 1, rows: 9, running: 3, runs: ["a"] })).toBe(
    "1 run moved to the archive; 3 still running",
  );
});

test("what several requests did is one message", () => {
  const answers = [
    { count: 2, rows: 9, running: 1, runs: ["a", "b"] },
    { count: 1, rows: 3, running: 0, runs: ["c"] },
  ];
  expect(together(answers)).toEqual({ count: 3, rows: 12, running: 1, runs: ["a", "b", "c"] });
});

test("an action undoes the action that undoes it", () => {
  for (const [action, other] of Object.entries(UNDO)) expect(UNDO[other]).toBe(action);
});

test("a folded row stands for all runs of its group", () => {
  expect(wholeGroups([{ id: "r", project: "p", group: "a b" }])).toEqual([{ project: "p", filter: 'group = "a b"' }]);
});
