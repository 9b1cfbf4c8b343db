/** The cells of the runs table: each column in its own way. */

import type { RunRow } from "../api/types";
import { ago, clock, duration, value } from "../base/format";
import { State } from "../base/State";
import { SPARK } from "./columns";
import { Spark } from "./Spark";
import type { Column } from "./types";

export function text(given: unknown): string {
  return given === null || given === undefined ? "" : String(given);
}

export function seconds(given: unknown): number {
  return typeof given === "number" ? given : 0;
}

export function groupPath(run: RunRow): string {
  return `/groups/${encodeURIComponent(text(run["project"]))}/${encodeURIComponent(text(run["group"]))}`;
}

/** Returns how a column is shown: those that every run has in their own way, all others by their values. */
export function columnOf(id: string, now: number, standsForGroup: (run: RunRow) => boolean): Column<RunRow> {
  const when = (name: string, title: string): Column<RunRow> => ({
    id: name,
    title,
    width: 104,
    isSortable: true,
    cell: (run) =>
      run[name] === null ? "–" : <span title={clock(seconds(run[name]))}>{ago(seconds(run[name]), now)}</span>,
  });
  const words = (name: string, title: string, width: number): Column<RunRow> => ({
    id: name,
    title,
    width,
    isSortable: true,
    cell: (run) => <span title={text(run[name])}>{text(run[name])}</span>,
  });
  if (id === "state") {
    const shown = (run: RunRow) => text(standsForGroup(run) ? run["group_state"] : run["state"]);
    return {
      id,
      title: "State",
      width: 108,
      isSortable: true,
      cell: (run) => <State state={shown(run)} title={text(run["reason"] || shown(run))} />,
    };
  }
  if (id === "group") {
    const cell = (run: RunRow) => (
      <a class="quiet-link" href={groupPath(run)} title={text(run["group"])}>
        {text(run["group"])}
      </a>
    );
    return { id, title: "Group", width: 170, isSortable: true, cell };
  }
  if (id === "rank")
    return { id, title: "Rank", width: 64, isNumber: true, isSortable: true, cell: (run) => value(run["rank"]) };
  if (id === "rows")
    return { id, title: "Rows", width: 80, isNumber: true, isSortable: true, cell: (run) => value(run["rows"]) };
  if (id === "duration")
    return {
      id,
      title: "Took",
      width: 90,
      isNumber: true,
      isSortable: true,
      cell: (run) => duration(seconds(run["duration"])),
    };
  if (id === "created") return when(id, "Begun");
  if (id === "updated") return when(id, "Written");
  if (id === "ended") return when(id, "Ended");
  if (id === "project") return words(id, "Project", 110);
  if (id === "host") return words(id, "Host", 110);
  if (id === "notes") return words(id, "Notes", 200);
  if (id === "reason") return words(id, "Why it ended", 240);
  if (id === "tags") {
    const cell = (run: RunRow) => (
      <span class="tags" title={((run["tags"] ?? []) as string[]).join(", ")}>
        {((run["tags"] ?? []) as string[]).map((tag) => (
          <span class="chip" key={tag}>
            {tag}
          </span>
        ))}
      </span>
    );
    return { id, title: "Tags", width: 130, cell };
  }
  const key = id.replace(SPARK, "");
  const metric = key.replace(/^(config|summary)\./, "");
  if (id !== key)
    return { id: key, title: metric, width: 116, isSortable: true, cell: (run) => <Spark run={run} metric={metric} /> };
  return {
    id,
    title: metric,
    width: 112,
    isNumber: true,
    isSortable: true,
    cell: (run) => <span class="mono">{value(run[id])}</span>,
  };
}
