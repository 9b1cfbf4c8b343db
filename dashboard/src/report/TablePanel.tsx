/** A panel with a table of runs, live. */

import { useNow } from "../api/data";
import { Failure } from "../base/Failure";
import { Scroll } from "../base/Scroll";
import { columnOf } from "../tables/cells";
import { text } from "../tables/rowValues";
import type { PanelText } from "./panels";
import { runsAddress, useRunRows } from "./useRunRows";

const ALWAYS = ["name", "state", "reason", "group", "project", "user"];

export function TablePanel({ panel }: { panel: PanelText }) {
  const now = useNow();
  const { value, error } = useRunRows(panel, [...new Set([...ALWAYS, ...panel.columns])]);
  const columns = panel.columns.filter((id) => id !== "name").map((id) => columnOf(id, now, () => false));
  const rows = value?.rows ?? [];
  return (
    <div class="report-panel">
      <Failure error={error} />
      <Scroll label="Runs of this panel">
        <table class="report-table">
          <thead>
            <tr>
              <th scope="col">name</th>
              {columns.map(({ id, title }) => (
                <th scope="col" key={id}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">
                  <a href={`/runs/${row.id}`}>{text(row["name"])}</a>
                </th>
                {columns.map(({ id, cell }) => (
                  <td key={id}>{cell(row)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <a class="soft" href={runsAddress(panel, { columns: panel.columns.join("|") })}>
        {value ? `${rows.length} of ${value.total} runs` : "…"}
      </a>
    </div>
  );
}
