/** The console of some runs: which lines are shown, held in the page's address, and the lines themselves. */

import { useData } from "../api/data";
import { type LinesFilter, type Path, paths } from "../api/routes";
import type { ConsoleLine, Run } from "../api/types";
import { useParam, useSwitchParam } from "../base/router";
import { isCut } from "./consoleText";

const FEW = 1000;
const MANY = 10_000;
const AROUND = 200;

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
  /** The id of the line around which lines are shown; null: the end of the console, or what was found. */
  around: number | null;
  showAround: (line: ConsoleLine | null) => void;
  hasTimes: boolean;
  setTimes: (hasTimes: boolean) => void;
  isFollowing: boolean;
  /** Whether the end can be followed: not while searching. */
  canFollow: boolean;
  setFollow: (isFollowing: boolean) => void;
  lines: ConsoleLine[] | undefined;
  error: string;
  /** Whether there are more lines than are shown. */
  isCut: boolean;
  /** Asks for earlier lines; undefined if that was done, or there are none. */
  showEarlier: (() => void) | undefined;
}

/** `runs`: those of one group, or a single one. */
export function useConsole(runs: Run[]): ConsoleView {
  const [rank, setRank] = useParam("rank");
  const [stream, setStream] = useParam("stream");
  const [find, setFind] = useParam("find");
  const [place, setPlace] = useParam("line");
  const [amount, setAmount] = useParam("lines");
  const [hasTimes, setTimes] = useSwitchParam("times", true);
  const [follow, setFollow] = useSwitchParam("follow", true);

  const [owner = "", lineId = ""] = place.split(":");
  const isChosen = (run: Run) => (owner ? run.id === owner : String(run.rank) === rank);
  const chosen = runs.length > 1 ? runs.find(isChosen) : runs[0];
  const around = chosen && lineId ? Number(lineId) : null;
  const last = amount === "many" ? MANY : FEW;
  const { value: lines, error } = useData(
    linesPath(runs, chosen, around === null ? { last, stream, find } : { last: AROUND, around }),
  );
  const canFollow = !find && around === null;
  const hasMore = around === null && lines !== undefined && isCut(lines, chosen ? [chosen] : runs, last, MANY);
  const reset =
    (set: (value: string) => void) =>
    (value: string): void => {
      setPlace("");
      set(value);
    };
  return {
    ...{ runs, chosen, stream, setStream, find, around, hasTimes, setTimes, canFollow, setFollow, lines, error },
    setRank: reset(setRank),
    setFind: reset(setFind),
    showAround: (line) => setPlace(line ? `${line.run}:${line.id}` : ""),
    isFollowing: follow && canFollow,
    isCut: hasMore,
    showEarlier: hasMore && !amount ? () => setAmount("many") : undefined,
  };
}

function linesPath(runs: Run[], chosen: Run | undefined, wanted: LinesFilter): Path<ConsoleLine[]> | null {
  const [first] = runs;
  if (chosen) return paths.console(chosen.id, wanted);
  return first ? paths.groupConsole(first.project, first.group, wanted) : null;
}
