/** What runs printed: of one, or of all ranks of a group by time; searched on the server, followed to its end. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { ConsoleLine, Run } from "../api/types";
import { clock, timeOfDay } from "../base/format";
import { Failure } from "../base/Page";
import { useParam } from "../base/router";
import { pieces, plain } from "../base/terminal";
import { lineColor, useTheme } from "../base/theme";

const FEW = 1000;
const MANY = 10_000;
const AROUND = 200;
const AT_END_PX = 30;

/** `runs`: those of one group, or a single one. */
export function Console({ runs }: { runs: Run[] }) {
  const theme = useTheme();
  const [rankText, setRank] = useParam("rank");
  const [stream, setStream] = useParam("stream");
  const [find, setFind] = useParam("find");
  const [around, setAround] = useParam("line");
  const [howMany, setHowMany] = useParam("lines");
  const [times, setTimes] = useParam("times", "on");
  const [follow, setFollow] = useParam("follow", "on");
  const box = useRef<HTMLPreElement>(null);

  const [first] = runs;
  const lineOwner = around ? around.split(":")[0] : "";
  const chosen =
    runs.length > 1 ? runs.find((run) => (lineOwner ? run.id === lineOwner : String(run.rank) === rankText)) : first;
  const aroundId = Number(around.split(":")[1] ?? NaN);
  const last = howMany === "many" ? MANY : FEW;
  const isLooking = chosen !== undefined && Number.isFinite(aroundId);
  const wanted = isLooking ? { last: AROUND, around: aroundId } : { last, stream, find };
  const path = chosen
    ? paths.console(chosen.id, wanted)
    : first
      ? paths.groupConsole(first.project, first.group, wanted)
      : null;
  const { value: lines, error } = useData(path);
  const isFollowing = follow === "on" && !find && !isLooking;
  const isMerged = chosen === undefined;

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    if (isFollowing) node.scrollTop = node.scrollHeight;
    if (isLooking) {
      const line = node.querySelector<HTMLElement>(".around");
      if (line) node.scrollTop = line.offsetTop - node.offsetTop - node.clientHeight / 2;
    }
  }, [lines, isFollowing, isLooking]);

  function onScroll(): void {
    const node = box.current!;
    if (find || isLooking) return;
    const isAtEnd = node.scrollTop + node.clientHeight >= node.scrollHeight - AT_END_PX;
    if (isAtEnd !== (follow === "on")) setFollow(isAtEnd ? "on" : "off");
  }

  const count = lines?.length ?? 0;
  const isCut =
    !isLooking &&
    lines !== undefined &&
    (isMerged
      ? runs.some((run) => lines.filter((line) => line.run === run.id).length >= mostOfEach(runs.length, last))
      : count >= last);
  return (
    <section class="section">
      <div class="toolbar">
        <input
          type="search"
          placeholder="Search all lines"
          aria-label="Search the console"
          value={find}
          onInput={(event) => {
            const words = event.currentTarget.value;
            setAround("");
            setFind(words);
          }}
        />
        {runs.length > 1 && (
          <label>
            Rank
            <select
              value={chosen ? String(chosen.rank) : ""}
              onChange={(event) => {
                const rank = event.currentTarget.value;
                setAround("");
                setRank(rank);
              }}
            >
              <option value="">all</option>
              {runs.map((run) => (
                <option key={run.id} value={String(run.rank)}>
                  {run.rank}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Stream
          <select value={stream} onChange={(event) => setStream(event.currentTarget.value)}>
            <option value="">all</option>
            <option>stdout</option>
            <option>stderr</option>
            <option>stacks</option>
          </select>
        </label>
        <label>
          <input type="checkbox" checked={times === "on"} onChange={() => setTimes(times === "on" ? "off" : "on")} />{" "}
          times
        </label>
        <label>
          <input
            type="checkbox"
            checked={isFollowing}
            disabled={!!find || isLooking}
            onChange={() => setFollow(follow === "on" ? "off" : "on")}
          />{" "}
          follow
        </label>
        <span class="soft" role="status">
          {lines === undefined
            ? "…"
            : isLooking
              ? "around the line that was found"
              : `${isCut ? "the last " : ""}${count} lines${find ? " found" : ""}`}
        </span>
        {isCut && !howMany && (
          <button type="button" class="small" onClick={() => setHowMany("many")}>
            earlier lines
          </button>
        )}
        {isLooking && (
          <button type="button" class="small primary" onClick={() => setAround("")}>
            {find ? "back to what was found" : "back to the end"}
          </button>
        )}
      </div>
      <Failure error={error} />
      {lines && !lines.length ? (
        <p class="empty">
          {find
            ? "No line holds this."
            : stream
              ? `Nothing came by ${stream}.`
              : "Nothing that was printed is recorded: LIGHTNING_SWEEPS_CONSOLE=on, trials by themselves."}
        </p>
      ) : (
        <pre class="console" ref={box} tabIndex={0} aria-label="Console" onScroll={onScroll}>
          {lines?.map((line) => (
            <div
              key={line.id}
              class={`${line.stream}${line.id === aroundId ? " around" : ""}`}
              title={`${clock(line.time)}, ${line.stream}`}
            >
              {times === "on" && <time>{timeOfDay(line.time)}</time>}
              {isMerged && (
                <button
                  type="button"
                  class="line-rank"
                  title={`rank ${line.rank} alone`}
                  onClick={() => setRank(String(line.rank))}
                >
                  <i
                    class="swatch"
                    style={{
                      background: lineColor(
                        runs.findIndex((run) => run.id === line.run),
                        theme,
                      ),
                    }}
                  />
                  {line.rank}
                </button>
              )}
              {find && !isLooking && (
                <button
                  type="button"
                  class="line-rank"
                  aria-label={`Show what is around ${plain(line.line).slice(0, 60)}`}
                  title="what is around it"
                  onClick={() => setAround(`${line.run}:${line.id}`)}
                >
                  ⋯
                </button>
              )}
              <Said line={line} find={find} />
            </div>
          ))}
        </pre>
      )}
    </section>
  );
}

function Said({ line, find }: { line: ConsoleLine; find: string }) {
  return (
    <span>
      {pieces(line.line).map((piece, at) => (
        <span key={at} class={piece.look && `ansi ${piece.look}`}>
          {marked(piece.text, find)}
        </span>
      ))}
    </span>
  );
}

/** Returns a text with what was searched for marked in it. */
function marked(text: string, find: string): preact.ComponentChildren {
  const at = find ? text.toLowerCase().indexOf(find.toLowerCase()) : -1;
  if (at < 0) return text;
  return [
    text.slice(0, at),
    <mark key={at}>{text.slice(at, at + find.length)}</mark>,
    marked(text.slice(at + find.length), find),
  ];
}

/** The server's own bound: so many lines of each rank where all of them are asked for. */
function mostOfEach(ranks: number, last: number): number {
  return Math.min(last, Math.max(Math.floor(MANY / ranks), 10));
}
