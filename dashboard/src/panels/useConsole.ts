/** The console of some runs: which lines are shown, held in the page's address, and how many there are. */

import { useState } from "preact/hooks";
import { useData } from "../api/data";
import { type LinesFilter, type Path, paths } from "../api/routes";
import type { ConsoleLine, ConsoleWindow, Run } from "../api/types";
import { useParam, useSwitchParam } from "../base/router";

/** How many lines are loaded at a time. */
export const PAGE_LINES = 500;

/** An end of the console that was asked for. Asking again makes another object. */
export interface Jump {
  to: "beginning" | "end";
}

export interface ConsoleView {
  runs: Run[];
  /** The run whose lines alone are shown; undefined: all of them, by time. */
  chosen: Run | undefined;
  setRank: (rank: string) => void;
  stream: string;
  setStream: (stream: string) => void;
  /** The text that is searched. */
  find: string;
  setFind: (text: string) => void;
  /** The number of the line that is shown among all others; null: none. */
  target: number | null;
  showLine: (line: ConsoleLine | null) => void;
  hasTimes: boolean;
  setTimes: (hasTimes: boolean) => void;
  /** Whether only the last state of a progress bar is shown. */
  isFolding: boolean;
  setFolding: (isFolding: boolean) => void;
  isFollowing: boolean;
  /** Whether the end can be followed: not while searching. */
  canFollow: boolean;
  setFollow: (isFollowing: boolean) => void;
  jump: Jump | null;
  setJump: (jump: Jump) => void;
  /** How many lines match; undefined until it is known. */
  total: number | undefined;
  error: string;
  /** Returns the path of a page of lines. */
  page: (first: number) => Path<ConsoleWindow> | null;
  /** Tells one choice of lines from another. */
  choice: string;
}

/** `runs`: those of one group, or a single one. */
export function useConsole(runs: Run[]): ConsoleView {
  const [rank, setRank] = useParam("rank");
  const [stream, setStream] = useParam("stream");
  const [find, setFind] = useParam("find");
  const [place, setPlace] = useParam("line");
  const [hasTimes, setTimes] = useSwitchParam("times", true);
  const [isFolding, setFolding] = useSwitchParam("bars", true);
  const [follow, setFollow] = useSwitchParam("follow", true);
  const [jump, setJump] = useState<Jump | null>(null);

  const chosen = runs.length > 1 ? runs.find((run) => String(run.rank) === rank) : runs[0];
  const target = Number(place) > 0 ? Number(place) : null;
  const filter = target === null ? { stream, find } : {}; // the line is shown among all others
  const page = (first: number, limit = PAGE_LINES) => windowPath(runs, chosen, { first, limit, ...filter });
  const { value, error } = useData(page(0, 0));
  const canFollow = !find && target === null;
  const reset =
    (set: (value: string) => void) =>
    (next: string): void => {
      setPlace("");
      setJump(null);
      set(next);
    };
  return {
    ...{ runs, chosen, stream, find, target, hasTimes, setTimes, isFolding, setFolding, canFollow, setFollow, error },
    ...{ jump, page, total: value?.total, isFollowing: follow && canFollow },
    setRank: reset(setRank),
    setStream: reset(setStream),
    setFind: reset(setFind),
    showLine: (line) => setPlace(line ? String(line.number) : ""),
    setJump: (next) => {
      setPlace("");
      setFollow(next.to === "end");
      setJump(next);
    },
    choice: JSON.stringify([chosen?.id, filter]),
  };
}

function windowPath(runs: Run[], chosen: Run | undefined, wanted: LinesFilter): Path<ConsoleWindow> | null {
  const [first] = runs;
  if (chosen) return paths.consoleWindow(chosen.id, wanted);
  return first ? paths.groupConsoleWindow(first.project, first.group, wanted) : null;
}
