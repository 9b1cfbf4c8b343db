/** Runs side by side: their configurations, metrics, environments and files. */

import { useMemo } from "preact/hooks";
import { Failure } from "../base/Failure";
import { clock, duration, exact, measured } from "../base/format";
import { distinctNames } from "../base/names";
import { Rounded } from "../base/Rounded";
import { useParam, useSwitchParam } from "../base/router";
import { Scroll } from "../base/Scroll";
import { Section } from "../base/Section";
import { Toggle } from "../base/Toggle";
import { text } from "../tables/rowValues";
import type { RunsView } from "../tables/useRunsView";
import { CodeChanges } from "./CodeChanges";
import { barsOf, type ComparedPart, type ComparedRow, chosenRows, comparedParts } from "./comparison";
import { useTextFiles } from "./runFiles";
import { TextFiles } from "./TextFiles";
import { useComparedRuns } from "./useComparedRuns";
import "./Compare.css";

/** More runs than this are not shown side by side. */
const MOST_RUNS = 50;
/** More rows of a part than this are found by searching. */
const MOST_ROWS = 300;

export function Compare({ view }: { view: RunsView }) {
  const { runs, total, error } = useComparedRuns(view, MOST_RUNS);
  const [onlyDifferent, setOnlyDifferent] = useSwitchParam("different", true);
  const [search, setSearch] = useParam("key");
  const all = useMemo(() => comparedParts(runs), [runs]);
  const parts = useMemo(() => chosenRows(all, onlyDifferent, search), [all, onlyDifferent, search]);
  const names = distinctNames(runs.map(({ row }) => ({ id: row.id, name: String(row["name"]) })));
  const columns = runs.map(({ row, environment }, at) => ({
    id: row.id,
    name: names[at] ?? row.id,
    commit: text((environment["git"] as Record<string, unknown> | undefined)?.["commit"]),
  }));
  const files = useTextFiles(columns);
  const [isSplit, setSplit] = useSwitchParam("split", true);
  if (!runs.length)
    return error ? <Failure error={error} /> : <p class="empty">Tick runs in the table to compare them.</p>;
  return (
    <>
      <div class="toolbar">
        <Toggle
          name="differences only"
          isOn={onlyDifferent}
          onFlip={() => setOnlyDifferent(!onlyDifferent)}
          title="Hide what is the same in all of these runs"
        />
        <Toggle
          name="side by side"
          isOn={isSplit}
          onFlip={() => setSplit(!isSplit)}
          title="Show what differs between two texts in two columns"
        />
        <input
          type="search"
          placeholder="Search names"
          aria-label="Search names"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <span class="soft">
          {runs.length < total ? `the first ${runs.length} of ${total} runs` : `${runs.length} runs`}
        </span>
      </div>
      {parts.map((part) => (
        <Part key={part.title} part={part} columns={columns} isFiltered={onlyDifferent || search !== ""} />
      ))}
      <CodeChanges runs={columns} {...{ files, isSplit }} />
      {files && <TextFiles {...{ files, isSplit }} />}
    </>
  );
}

interface RunColumn {
  id: string;
  name: string;
}

function Part({ part, columns, isFiltered }: { part: ComparedPart; columns: RunColumn[]; isFiltered: boolean }) {
  const { title, rows } = part;
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length - shown.length;
  return (
    <Section title={title} note={more ? `${more} more: search for them` : String(rows.length)}>
      {!rows.length && <p class="empty">{isFiltered ? "No differences." : "Nothing."}</p>}
      {rows.length > 0 && (
        <Scroll label={title}>
          <table class="compared">
            <thead>
              <tr>
                <th scope="col">name</th>
                {columns.map(({ id, name }) => (
                  <th scope="col" key={id}>
                    <a href={`/runs/${id}`} title={id}>
                      {name}
                    </a>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <Row key={row.name} row={row} columns={columns} part={title} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  );
}

function Row({ row, columns, part }: { row: ComparedRow; columns: RunColumn[]; part: string }) {
  const isMetric = part === "Metrics";
  const bars = isMetric ? barsOf(row) : [];
  return (
    <tr class={row.isDifferent ? "different" : ""}>
      <th scope="row" title={row.name}>
        {row.name}
      </th>
      {columns.map(({ id }, at) => {
        const value = row.values[at];
        const bar = bars[at] ?? null;
        return (
          <td key={id} title={exact(value)}>
            {isMetric ? (
              <Rounded given={value}>{measured(row.name, value, 6)}</Rounded>
            ) : (
              factText(part, row.name, value)
            )}
            {bar !== null && <i style={{ width: `${100 * bar}%` }} />}
          </td>
        );
      })}
    </tr>
  );
}

/** Returns a value for reading: times of runs as dates, their durations with units, everything else as it is. */
function factText(part: string, name: string, value: unknown): string {
  if (part !== "Run" || typeof value !== "number") return exact(value);
  if (name === "created") return clock(value);
  return name === "duration" ? duration(value) : exact(value);
}
