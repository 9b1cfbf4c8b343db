/** Saves all rows of the runs table, with the columns that it shows. */

import { useState } from "preact/hooks";
import { errorText, get } from "../api/client";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { download } from "../base/download";
import { Failure } from "../base/Failure";
import { SPARK } from "./columns";
import { tableCsv } from "./tableCsv";
import type { RunsView } from "./useRunsView";

/** The largest page of the server. */
const PAGE_ROWS = 1000;

export function SaveTable({ view, shown }: { view: RunsView; shown: string[] }) {
  const [error, setError] = useState("");
  async function save(): Promise<void> {
    const columns = [...new Set(["id", "name", ...shown.map((id) => id.replace(SPARK, ""))])];
    const rows: RunRow[] = [];
    for (let total = 1; rows.length < total; ) {
      const page = await get(paths.table({ ...view.query, columns, offset: rows.length, limit: PAGE_ROWS }));
      rows.push(...page.rows);
      total = page.rows.length ? (page.total ?? rows.length) : rows.length;
    }
    download(new Blob([tableCsv(columns, rows)], { type: "text/csv" }), `${view.project || "runs"}.csv`);
  }
  return (
    <>
      <button
        type="button"
        title="Save all rows, with these columns"
        onClick={() => void save().catch((problem) => setError(errorText(problem)))}
      >
        CSV
      </button>
      <Failure error={error} />
    </>
  );
}
