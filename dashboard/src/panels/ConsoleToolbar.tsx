/** The controls above the console. */

import { paths } from "../api/routes";
import { counted } from "../base/names";
import type { ConsoleView } from "./useConsole";

export function ConsoleToolbar({ view }: { view: ConsoleView }) {
  const { find, stream, target } = view;
  return (
    <div class="toolbar">
      <input
        type="search"
        placeholder="Search all lines"
        aria-label="Search the console"
        value={find}
        onInput={(event) => view.setFind(event.currentTarget.value)}
      />
      {view.runs.length > 1 && <RankChoice view={view} />}
      <label>
        Stream
        <select value={stream} onChange={(event) => view.setStream(event.currentTarget.value)}>
          <option value="">all</option>
          <option>stdout</option>
          <option>stderr</option>
          <option>stacks</option>
        </select>
      </label>
      <label>
        <input type="checkbox" checked={view.hasTimes} onChange={() => view.setTimes(!view.hasTimes)} /> times
      </label>
      <label>
        <input
          type="checkbox"
          checked={view.isFollowing}
          disabled={!view.canFollow}
          onChange={() => view.setFollow(!view.isFollowing)}
        />{" "}
        follow
      </label>
      <label title="Show only the last state of a progress bar">
        <input type="checkbox" checked={view.isFolding} onChange={() => view.setFolding(!view.isFolding)} /> fold
        progress bars
      </label>
      <span class="soft" role="status">
        {statusText(view)}
      </span>
      {view.chosen && (
        <a class="button small" href={paths.consoleText(view.chosen.id)} download={`${view.chosen.name}.log`}>
          download all lines
        </a>
      )}
      <button type="button" class="small" onClick={() => view.setJump({ to: "beginning" })}>
        beginning
      </button>
      <button type="button" class="small" onClick={() => view.setJump({ to: "end" })}>
        end
      </button>
      {find && target !== null && (
        <button type="button" class="small primary" onClick={() => view.showLine(null)}>
          back to search results
        </button>
      )}
    </div>
  );
}

function RankChoice({ view: { runs, chosen, setRank } }: { view: ConsoleView }) {
  return (
    <label>
      Rank
      <select value={chosen ? String(chosen.rank) : ""} onChange={(event) => setRank(event.currentTarget.value)}>
        <option value="">all</option>
        {runs.map((run) => (
          <option key={run.id} value={String(run.rank)}>
            {run.rank}
          </option>
        ))}
      </select>
    </label>
  );
}

function statusText({ total, target, find }: ConsoleView): string {
  if (total === undefined) return "…";
  if (target !== null) return `line ${target} of ${total}`;
  return `${counted(total, "line")}${find ? " found" : ""}`;
}
