/** The controls above the console. */

import { paths } from "../api/routes";
import { counted } from "../base/names";
import type { ConsoleView } from "./useConsole";

export function ConsoleToolbar({ view }: { view: ConsoleView }) {
  const { find, stream, around } = view;
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
      <span class="soft" role="status">
        {statusText(view)}
      </span>
      {view.chosen && (
        <a class="button small" href={paths.consoleText(view.chosen.id)} download={`${view.chosen.name}.log`}>
          download all lines
        </a>
      )}
      {view.showEarlier && (
        <button type="button" class="small" onClick={view.showEarlier}>
          earlier lines
        </button>
      )}
      {around !== null && (
        <button type="button" class="small primary" onClick={() => view.showAround(null)}>
          {find ? "back to search results" : "back to the end"}
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

function statusText({ lines, around, isCut, find }: ConsoleView): string {
  if (lines === undefined) return "…";
  if (around !== null) return "around the line that was found";
  return `${isCut ? "the last " : ""}${counted(lines.length, "line")}${find ? " found" : ""}`;
}
