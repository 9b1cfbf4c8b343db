/** A group as a row of the start page, described by its rank 0. */

import type { RunRow } from "../api/types";
import { ago, duration, flat, measured } from "../base/format";
import { Name } from "../base/Name";
import { counted } from "../base/names";
import { byMetricRank, groupName } from "../base/ranking";
import { State } from "../base/State";
import { groupPath } from "../tables/cells";
import { seconds, text } from "../tables/rowValues";
import "./GroupRow.css";

/** How many last values are shown. */
const VALUES = 5;

export function GroupRow({ run, now }: { run: RunRow; now: number }) {
  const ranks = seconds(run["world_size"]);
  const isGroup = ranks > 1;
  const name = text(run["name"]);
  const created = seconds(run["created"]);
  return (
    <li>
      <State state={text(run["group_state"] ?? run["state"])} title={text(run["reason"])} />
      <a href={isGroup ? groupPath(run) : `/runs/${run.id}`}>
        <Name>{isGroup ? groupName([{ name, group: text(run["group"]) }]) : name}</Name>
      </a>
      <span class="soft clip">
        {text(run["project"])} · {isGroup ? `${counted(ranks, "rank")} · ` : ""}
        {text(run["host"])}
      </span>
      <span class="row-values">
        {lastValues(run).map(([key, given]) => (
          <span key={key}>
            <span class="soft">{key}</span> {measured(key, given, 3)}
          </span>
        ))}
      </span>
      <span class="soft when">
        {ago(created, now)} · {duration((seconds(run["ended"]) || now) - created)}
      </span>
    </li>
  );
}

function lastValues(run: RunRow): [key: string, given: unknown][] {
  const summary = flat((run["summary"] ?? {}) as Record<string, unknown>);
  return Object.entries(summary)
    .filter(([key, given]) => typeof given === "number" && key.includes("/"))
    .sort(([a], [b]) => byMetricRank(a, b))
    .slice(0, VALUES);
}
