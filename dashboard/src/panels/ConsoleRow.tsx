/** A line of the console, with its number, time and rank, in the colours that the program gave it. */

import type { ComponentChildren } from "preact";
import type { ConsoleLine } from "../api/types";
import { clock, exact, timeOfDay } from "../base/format";
import { type Piece, pieces } from "../base/terminal";
import { lineColor, useTheme } from "../base/theme";
import { matchesIn } from "./consoleText";
import type { ConsoleView } from "./useConsole";

interface Props {
  line: ConsoleLine;
  view: ConsoleView;
  /** What follows the text. */
  children?: ComponentChildren;
}

export function ConsoleRow({ line, view, children }: Props) {
  const { find, target } = view;
  const isTarget = line.number === target;
  return (
    <div
      class={`console-line ${line.stream}${isTarget ? " target" : ""}`}
      data-line={line.number}
      title={`${clock(line.time)}, ${line.stream}`}
    >
      <button
        type="button"
        class="line-number"
        aria-label={`Line ${exact(line.number)}`}
        title={find && target === null ? "Show the lines around this one" : "Put this line into the address"}
        onClick={() => view.showLine(isTarget ? null : line)}
      >
        {line.number}
      </button>
      {view.hasTimes && <time>{timeOfDay(line.time)}</time>}
      {!view.chosen && <RankButton line={line} view={view} />}
      <Text text={line.line} find={find} />
      {children}
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
