/** A printed line as a terminal would show it: what carriage returns leave of it, its colours as classes. Pure functions. */

export interface Piece {
  text: string;
  /** Classes of the style sheet. */
  look: string;
}

const COLORS = ["soft", "red", "green", "yellow", "blue", "magenta", "cyan", ""];
const SEQUENCE =
  /\u001b\[([0-9;:]*)m|\u001b(?:\[[0-?]*[ -/]*[@-~]?|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]?)/g;
/** Control characters that have no shape. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Returns the pieces of a line, each with its look; cursor movements, titles and links are left out. */
export function pieces(line: string): Piece[] {
  const shown = lastVersion(line);
  const found: Piece[] = [];
  let look: Look = {};
  let at = 0;
  for (const match of shown.matchAll(SEQUENCE)) {
    add(found, shown.slice(at, match.index), look);
    if (match[1] !== undefined) look = changed(look, match[1]);
    at = match.index + match[0].length;
  }
  add(found, shown.slice(at), look);
  return found;
}

/** Returns the line's text alone. */
export function plain(line: string): string {
  return pieces(line)
    .map((piece) => piece.text)
    .join("");
}

/** A progress bar writes its line again and again: the last version counts. */
function lastVersion(line: string): string {
  return line.split("\r").findLast((version) => version !== "") ?? "";
}

interface Look {
  color?: string | undefined;
  weight?: string | undefined;
}

function add(found: Piece[], given: string, look: Look): void {
  const text = given.replace(INVISIBLE, "");
  if (text) found.push({ text, look: [look.color, look.weight].filter(Boolean).join(" ") });
}

function changed(before: Look, given: string): Look {
  let look = { ...before };
  const codes = given.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) look = {};
    else if (code === 1) look.weight = "bold";
    else if (code === 2) look.weight = "soft";
    else if (code === 22) look.weight = undefined;
    else if (code >= 30 && code <= 37) look.color = COLORS[code - 30];
    else if (code >= 90 && code <= 97) look.color = COLORS[code - 90];
    else if (code === 39) look.color = undefined;
    else if (code === 38 || code === 48) {
      const isTable = codes[at + 1] === 5; // one of 256 colours, of which the first 16 are ours; else red, green and blue
      if (code === 38) look.color = isTable && codes[at + 2]! < 16 ? COLORS[codes[at + 2]! % 8] : undefined;
      at += isTable ? 2 : 4;
    }
  }
  return look;
}
