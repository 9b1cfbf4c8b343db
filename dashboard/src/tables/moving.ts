/** What can be done with runs in a list, and the words for it. */

import type { RunAction, RunChoice, RunRow, RunsChanged, RunsShown } from "../api/types";
import { quoted } from "../base/filter";

/** The actions that a list offers, with the names of their buttons. */
export const OFFERED: Record<RunsShown, [RunAction, string][]> = {
  active: [
    ["archive", "Archive"],
    ["delete", "Move to trash"],
  ],
  archived: [
    ["unarchive", "Unarchive"],
    ["delete", "Move to trash"],
  ],
  deleted: [["restore", "Restore"]],
  all: [],
};

export const UNDO: Record<RunAction, RunAction> = {
  archive: "unarchive",
  unarchive: "archive",
  delete: "restore",
  restore: "delete",
  move: "move",
  rename: "rename",
};

const PLACES: Record<RunAction, string> = {
  archive: "moved to the archive",
  unarchive: "taken out of the archive",
  delete: "moved to the trash",
  restore: "restored",
  move: "moved",
  rename: "renamed",
};

/** Says what an action did. */
export function moved(action: RunAction, done: RunsChanged): string {
  const text = `${done.count} ${done.count === 1 ? "run" : "runs"} ${PLACES[action]}`;
  return done.running ? `${text}; ${done.running} still running` : text;
}

/** Returns what several requests did together. */
export function together(answers: RunsChanged[]): RunsChanged {
  const sum = (count: (answer: RunsChanged) => number) => answers.reduce((total, answer) => total + count(answer), 0);
  return {
    count: sum((answer) => answer.count),
    rows: sum((answer) => answer.rows),
    running: sum((answer) => answer.running),
    runs: answers.flatMap((answer) => answer.runs),
  };
}

/** Returns a choice of all runs of the groups of some rows, one for each group. */
export function wholeGroups(rows: RunRow[]): RunChoice[] {
  return rows.map((row) => ({ project: String(row["project"]), filter: `group = ${quoted(String(row["group"]))}` }));
}
