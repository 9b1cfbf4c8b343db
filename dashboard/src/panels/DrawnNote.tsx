/** Says which runs are drawn, and chooses those that come first if there are too many. */

import { metricKeys } from "../charts/metricKeys";
import { EVERYTHING, isNothing } from "../tables/selection";
import type { DrawnRuns } from "../tables/useDrawnRuns";
import type { RunsView } from "../tables/useRunsView";

interface Props {
  view: RunsView;
  drawn: DrawnRuns;
  /** How many rows the view has; undefined until it is known. */
  total: number | undefined;
}

export function DrawnNote({ view, drawn, total = 0 }: Props) {
  const { wanted = 0, chartRuns, most } = drawn;
  if (isNothing(view.selection) && wanted < total) {
    return (
      <p class="soft">
        The first {wanted} of {total}.{" "}
        <button type="button" class="small" onClick={() => view.setSelection(EVERYTHING)}>
          Draw {total > most ? "more" : "all"}
        </button>
      </p>
    );
  }
  if (wanted <= most) return null;
  return (
    <p class="soft">
      {most} of {wanted} are drawn, the first by <OrderChoice view={view} keys={metricKeys(chartRuns)} />
    </p>
  );
}

/** Chooses the order of the runs: by a metric, the lowest or the highest first. */
function OrderChoice({ view: { sort, setSort }, keys }: { view: RunsView; keys: string[] }) {
  const columns = [...new Set([sort.by, "created", ...keys.map((key) => `summary.${key}`)])];
  return (
    <>
      <select
        aria-label="Draw the first by"
        value={sort.by}
        onChange={(event) => setSort({ ...sort, by: event.currentTarget.value })}
      >
        {columns.map((id) => (
          <option key={id} value={id}>
            {id.replace(/^summary\./, "")}
          </option>
        ))}
      </select>{" "}
      <button type="button" class="small" onClick={() => setSort({ ...sort, isDown: !sort.isDown })}>
        {sort.isDown ? "highest first" : "lowest first"}
      </button>
    </>
  );
}
