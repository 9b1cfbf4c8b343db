/** A group as a row of the start page, described by its rank 0. */

import type { ComponentChildren } from "preact";
import type { RunRow } from "../api/types";
import { ago, duration, flat, measured } from "../base/format";
import { Name } from "../base/Name";
import { counted } from "../base/names";
import { byMetricRank, groupName } from "../base/ranking";
import { State } from "../base/State";
import { whoOf } from "../base/who";
import { groupPath } from "../tables/cells";
import { seconds, text } from "../tables/rowValues";
import "./GroupRow.css";

/** The columns of a run that its row shows. */
export const GROUP_ROW_COLUMNS = [
  ...["name", "group", "group_state", "state", "reason", "world_size", "project", "host", "created_by", "user"],
  ...["summary", "created", "ended"],
];
/** How many last values are shown. */
const VALUES = 5;

interface Props {
  run: RunRow;
  now: number;
  /** The metric that comes first. */
  metric?: string;
  /** What can be done with the run; on a project's page, which need not name the project. */
  end?: ComponentChildren;
  isInProject?: boolean;
}

export function GroupRow({ run, now, metric = "", end, isInProject = false }: Props) {
  const ranks = seconds(run["world_size"]);
  const isGroup = ranks > 1;
  const name = text(run["name"]);
  const created = seconds(run["created"]);
  const whereabouts = [
    ...[isInProject ? "" : text(run["project"]), isGroup ? counted(ranks, "rank") : "", text(run["host"])],
    whoOf(text(run["created_by"]), text(run["user"])),
  ];
  return (
    <li>
      <State state={text(run["group_state"] ?? run["state"])} title={text(run["reason"])} />
      <a href={isGroup ? groupPath(run) : `/runs/${run.id}`}>
        <Name>{isGroup ? groupName([{ name, group: text(run["group"]) }]) : name}</Name>
      </a>
      <span class="soft clip">{whereabouts.filter(Boolean).join(" · ")}</span>
      <span class="row-values">
        {lastValues(run, metric).map(([key, given]) => (
          <span key={key}>
            <span class="soft">{key}</span> {measured(key, given, 3)}
          </span>
        ))}
      </span>
      <span class="soft when">
        {ago(created, now)} · {duration((seconds(run["ended"]) || now) - created)}
        {end}
      </span>
    </li>
  );
}

function lastValues(run: RunRow, metric: string): [key: string, given: unknown][] {
  const summary = flat((run["summary"] ?? {}) as Record<string, unknown>);
  return Object.entries(summary)
    .filter(([key, given]) => typeof given === "number" && (key === metric || key.includes("/")))
    .sort(([a], [b]) => Number(b === metric) - Number(a === metric) || byMetricRank(a, b))
    .slice(0, VALUES);
}
