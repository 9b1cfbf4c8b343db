/** The columns of the runs table. */

import type { RunRow } from "../api/types";
import { ago, clock, duration, exact, measured, value } from "../base/format";
import { Rounded } from "../base/Rounded";
import { isLowerBetter } from "../base/ranking";
import { State } from "../base/State";
import { whoOf } from "../base/who";
import { SPARK } from "./columns";
import { metricColumnOf, metricTitle } from "./metricColumns";
import { seconds, text } from "./rowValues";
import { Spark } from "./Spark";
import type { Column } from "./types";
import "./cells.css";

/** Returns the page of a run's group. */
export function groupPath(run: RunRow): string {
  return `/groups/${encodeURIComponent(text(run["project"]))}/${encodeURIComponent(text(run["group"]))}`;
}

/**
 * Returns a column of the runs table.
 *
 * @param id One of the run's own columns, or `config.` or `summary.` and a name, after `SPARK` if it is a small chart.
 * @param isGroup Whether a row stands for a whole group.
 */
export function columnOf(id: string, now: number, isGroup: (run: RunRow) => boolean): Column<RunRow> {
  const own = OWN_COLUMNS[id];
  if (own) return { id, ...own(now, isGroup) };
  const key = id.replace(SPARK, "");
  const logged = metricColumnOf(key);
  const metric = logged?.metric ?? key.replace(/^config\./, "");
  if (id !== key) {
    return { id: key, title: metric, width: 116, isSortable: true, cell: (run) => <Spark run={run} metric={metric} /> };
  }
  const cell = (run: RunRow) => {
    const given = run[id];
    return (
      <span class="mono">{logged ? <Rounded given={given}>{measured(metric, given)}</Rounded> : exact(given)}</span>
    );
  };
  const isDownFirst = logged ? !isLowerBetter(metric) : true;
  return { id, ...numeric(logged ? metricTitle(logged) : metric, 112), isDownFirst, cell };
}

type MakeColumn = (now: number, isGroup: (run: RunRow) => boolean) => Omit<Column<RunRow>, "id">;

function numeric(title: string, width: number) {
  return { title, width, isNumber: true, isSortable: true };
}

function timeColumn(name: string, title: string): MakeColumn {
  return (now) => ({
    title,
    width: 104,
    isSortable: true,
    cell: (run) => {
      const time = seconds(run[name]);
      return run[name] === null ? "–" : <span title={clock(time)}>{ago(time, now)}</span>;
    },
  });
}

function textColumn(name: string, title: string, width: number): MakeColumn {
  const cell = (run: RunRow) => <span title={text(run[name])}>{text(run[name]) || "–"}</span>;
  return () => ({ title, width, isSortable: true, cell });
}

const OWN_COLUMNS: Record<string, MakeColumn> = {
  state: (_now, isGroup) => ({
    title: "State",
    width: 108,
    isSortable: true,
    cell: (run) => {
      const state = text(isGroup(run) ? run["group_state"] : run["state"]);
      return <State state={state} title={text(run["reason"] || state)} />;
    },
  }),
  group: () => ({
    title: "Group",
    width: 170,
    isSortable: true,
    cell: (run) => (
      <a class="quiet-link" href={groupPath(run)} title={text(run["group"])}>
        {text(run["group"])}
      </a>
    ),
  }),
  rank: () => ({ ...numeric("Rank", 64), cell: (run) => value(run["rank"]) }),
  rows: () => ({ ...numeric("Rows", 80), cell: (run) => value(run["rows"]) }),
  duration: () => ({
    ...numeric("Duration", 90),
    cell: (run) => (typeof run["duration"] === "number" ? duration(run["duration"]) : "–"),
  }),
  created: timeColumn("created", "Started"),
  updated: timeColumn("updated", "Last seen"),
  ended: timeColumn("ended", "Ended"),
  project: textColumn("project", "Project", 110),
  created_by: () => ({
    title: "Who",
    width: 100,
    isSortable: true,
    cell: (run) => <span title={text(run["created_by"])}>{whoOf(text(run["created_by"]), text(run["user"]))}</span>,
  }),
  host: textColumn("host", "Host", 110),
  notes: textColumn("notes", "Notes", 200),
  reason: textColumn("reason", "Why it ended", 240),
  tags: () => ({ title: "Tags", width: 130, cell: (run) => <Tags tags={(run["tags"] ?? []) as string[]} /> }),
};

function Tags({ tags }: { tags: string[] }) {
  return (
    <span class="tags" title={tags.join(", ")}>
      {tags.map((tag) => (
        <span class="chip" key={tag}>
          {tag}
        </span>
      ))}
    </span>
  );
}
