/** The console lines of one run, or of all ranks of a group by time. Searched on the server, followed to its end. */

import type { Run } from "../api/types";
import { Failure } from "../base/Failure";
import { ConsoleLines } from "./ConsoleLines";
import { ConsoleToolbar } from "./ConsoleToolbar";
import { type ConsoleView, useConsole } from "./useConsole";
import "./Console.css";

/** `runs`: those of one group, or a single one. */
export function Console({ runs }: { runs: Run[] }) {
  const view = useConsole(runs);
  return (
    <section class="section">
      <ConsoleToolbar view={view} />
      <Failure error={view.error} />
      {view.total === 0 ? <p class="empty">{emptyText(view)}</p> : <ConsoleLines view={view} />}
    </section>
  );
}

function emptyText({ find, stream }: ConsoleView): string {
  if (find) return "No line contains this text.";
  if (stream) return `Nothing was printed to ${stream}.`;
  return "No output was recorded. Trials record it by themselves; for other runs set LIGHTNING_SWEEPS_CONSOLE=on.";
}
