/** The lines of the console, each with its time and rank, in the colours that the program gave them. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ConsoleLine } from "../api/types";
import { clock, timeOfDay } from "../base/format";
import { type Piece, pieces, plain } from "../base/terminal";
import { lineColor, useTheme } from "../base/theme";
import { matchesIn } from "./consoleText";
import type { ConsoleView } from "./useConsole";

/** This close to the bottom counts as the end. */
const AT_END_PX = 30;
const LABEL_CHARACTERS = 60;

export function ConsoleLines({ view }: { view: ConsoleView }) {
  const box = useRef<HTMLPreElement>(null);
  useScrolling(box, view);
  function onScroll(): void {
    const node = box.current;
    if (!node || !view.canFollow) return;
    const isAtEnd = node.scrollTop + node.clientHeight >= node.scrollHeight - AT_END_PX;
    if (isAtEnd !== view.isFollowing) view.setFollow(isAtEnd);
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: names what has the focus; a role of `log` would read it aloud
    <pre class="console" ref={box} tabIndex={0} aria-label="Console" onScroll={onScroll}>
      {view.lines?.map((line) => (
        <Line key={line.id} line={line} view={view} />
      ))}
    </pre>
  );
}

/** Keeps the end in view, or the line that the others are around. */
function useScrolling(box: RefObject<HTMLPreElement | null>, { lines, isFollowing, around }: ConsoleView): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls whenever other lines are shown
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    if (isFollowing) node.scrollTop = node.scrollHeight;
    const line = around === null ? null : node.querySelector<HTMLElement>(".around");
    if (line) node.scrollTop = line.offsetTop - node.offsetTop - node.clientHeight / 2;
  }, [lines, isFollowing, around === null]);
}

function Line({ line, view }: { line: ConsoleLine; view: ConsoleView }) {
  const { find, around } = view;
  const label = `Show the lines around ${plain(line.line).slice(0, LABEL_CHARACTERS)}`;
  return (
    <div class={`${line.stream}${line.id === around ? " around" : ""}`} title={`${clock(line.time)}, ${line.stream}`}>
      {view.hasTimes && <time>{timeOfDay(line.time)}</time>}
      {!view.chosen && <RankButton line={line} view={view} />}
      {find && around === null && (
        <button
          type="button"
          class="line-rank"
          aria-label={label}
          title="the lines around it"
          onClick={() => view.showAround(line)}
        >
          ⋯
        </button>
      )}
      <Text text={line.line} find={find} />
    </div>
  );
}

function RankButton({ line, view: { runs, setRank } }: { line: ConsoleLine; view: ConsoleView }) {
  const theme = useTheme();
  const color = lineColor(
    runs.findIndex((run) => run.id === line.run),
    theme,
  );
  return (
    <button
      type="button"
      class="line-rank"
      title={`rank ${line.rank} alone`}
      onClick={() => setRank(String(line.rank))}
    >
      <i class="swatch" style={{ background: color }} />
      {line.rank}
    </button>
  );
}

/** Returns a piece's own colours, mixed with the page's ink, so that they can be read in the light and in the dark. */
function styleOf({ color, background }: Piece) {
  return {
    ...(color ? { color: `color-mix(in oklab, ${color} 78%, var(--ink))` } : {}),
    ...(background ? { background: `color-mix(in oklab, ${background} 45%, var(--sunk))` } : {}),
  };
}

function Text({ text, find }: { text: string; find: string }) {
  return (
    <span>
      {pieces(text).map((piece, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never change places
        <span key={at} class={piece.look && `ansi ${piece.look}`} style={styleOf(piece)}>
          {matchesIn(piece.text, find).map((part, place) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            part.isMatch ? <mark key={place}>{part.text}</mark> : part.text,
          )}
        </span>
      ))}
    </span>
  );
}
