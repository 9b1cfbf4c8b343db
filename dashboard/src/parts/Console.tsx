/** What a run printed: searched, and followed to its end. */

import { useEffect, useRef, useState } from "preact/hooks";
import { paths, type Run } from "../base/api";
import { useData } from "../base/data";
import { clock } from "../base/format";

const LINES = 5000;

export function Console({ run }: { run: Run }) {
  const [stream, setStream] = useState("");
  const lines = useData(paths.console(run.id, LINES, stream)).value;
  const [words, setWords] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const shown = lines?.filter((line) => line.line.toLowerCase().includes(words.toLowerCase())) ?? [];
  useEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, isFollowing]);
  return (
    <section class="section">
      <div class="toolbar">
        <input type="search" placeholder="Search the console" aria-label="Search the console" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
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
          <input type="checkbox" checked={isFollowing} onChange={() => setFollowing(!isFollowing)} /> follow
        </label>
        <span class="soft">
          {shown.length} lines{lines && lines.length >= LINES ? `, the last ${LINES}` : ""}
        </span>
      </div>
      {lines && !lines.length ? (
        <p class="empty">{stream ? `Nothing came by ${stream}.` : "This run has printed nothing that was recorded."}</p>
      ) : (
        <pre class="console" ref={box} tabIndex={0} aria-label="Console">
          {shown.map((line, at) => (
            <div key={at} class={line.stream === "stderr" ? "stderr" : ""} title={clock(line.time)}>
              {line.line}
            </div>
          ))}
        </pre>
      )}
    </section>
  );
}
