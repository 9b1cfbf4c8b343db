/** The list of runs beside their charts: boxes that select them, and eyes that hide their lines for the moment. */

import type { RunRow } from "../api/types";
import { Icon } from "../base/Icon";
import { Name } from "../base/Name";
import { navigate, toggled } from "../base/router";
import { State } from "../base/State";
import { pointAt } from "../charts/crosshair";
import { RunId } from "../tables/leadingColumns";
import { text } from "../tables/rowValues";
import type { RunPages } from "../tables/runPages";
import { useSelectColumn } from "../tables/selectColumn";
import { Table } from "../tables/Table";
import type { Column } from "../tables/types";
import type { RunsView } from "../tables/useRunsView";

interface Props {
  view: RunsView;
  pages: RunPages;
  /** The colours of the runs that are drawn, by their ids. */
  colors: Map<string, string>;
  hidden: string[];
  setHidden: (ids: string[]) => void;
}

export function RunList({ view, pages, colors, hidden, setHidden }: Props) {
  const select = useSelectColumn(view, pages.row);
  const name: Column<RunRow> = {
    id: "name",
    title: "Run",
    width: 110,
    isSortable: true,
    cell: (run) => (
      <>
        <i class="swatch" style={{ background: colors.get(run.id) ?? "transparent" }} />
        <a class="quiet-link" href={`/runs/${run.id}`}>
          <Name>{text(run["name"])}</Name>
        </a>
        {pages.isRepeated(text(run["name"])) && <RunId id={run.id} />}
        <State state={text(run["state"])} />
      </>
    ),
  };
  const eye: Column<RunRow> = {
    id: "eye",
    title: "",
    width: 38,
    isSized: true,
    head: hidden.length > 0 && (
      <button type="button" class="icon" title="Show all lines" onClick={() => setHidden([])}>
        <Icon name="hidden" />
      </button>
    ),
    cell: (run) => colors.has(run.id) && <Eye run={run} hidden={hidden} setHidden={setHidden} />,
  };
  return (
    <Table
      label="Runs to draw"
      columns={[select, name, eye]}
      total={pages.total ?? 0}
      row={pages.row}
      rowKey={(run) => run.id}
      sort={view.sort}
      onSort={view.setSort}
      onOpen={(run) => navigate(`/runs/${run.id}`)}
      onHover={(run) => pointAt(run && colors.has(run.id) ? run.id : null)}
      onVisible={pages.onVisible}
      rowClass={(run) => (colors.has(run.id) ? "drawn" : "")}
      maxHeight="var(--list-height)"
      empty={pages.total === 0 ? "No run matches." : "…"}
    />
  );
}

function Eye({ run, hidden, setHidden }: { run: RunRow } & Pick<Props, "hidden" | "setHidden">) {
  const isHidden = hidden.includes(run.id);
  return (
    <button
      type="button"
      class="icon"
      aria-pressed={isHidden}
      aria-label={`Hide the lines of ${run["name"]}`}
      title={isHidden ? "Show its lines" : "Hide its lines"}
      onClick={() => setHidden(toggled(hidden, run.id))}
    >
      <Icon name={isHidden ? "hidden" : "eye"} />
    </button>
  );
}
