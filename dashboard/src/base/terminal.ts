/** A printed line as a terminal shows it: what carriage returns leave of it, and its colours as classes. Pure functions. */

export interface Piece {
  text: string;
  /** Classes of the style sheet. */
  look: string;
}

interface Look {
  color?: string | undefined;
  weight?: string | undefined;
}

const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
/** The classes of the colours 30 to 37, and of their bright versions 90 to 97. Black and white are the text's own. */
const COLORS = ["soft", "red", "green", "yellow", "blue", "magenta", "cyan", ""];
/** Escape sequences: those that set colours, with their codes, other control sequences, commands, and the rest. */
const SEQUENCE = new RegExp(
  [
    `${ESCAPE}\\[([0-9;:]*)m`,
    `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]?|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?|[ -/]*[0-~]?)`,
  ].join("|"),
  "g",
);

/** Returns the pieces of a line, each with its look. Cursor movements, titles and links are left out. */
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

/** Returns the text of a line without its looks. */
export function plain(line: string): string {
  return pieces(line)
    .map((piece) => piece.text)
    .join("");
}

/** Returns what is left of a line that was overwritten, such as a progress bar: its last version. */
function lastVersion(line: string): string {
  return line.split("\r").findLast((version) => version !== "") ?? "";
}

function add(found: Piece[], given: string, look: Look): void {
  const text = [...given].filter(isVisible).join("");
  if (text) found.push({ text, look: [look.color, look.weight].filter(Boolean).join(" ") });
}

/** Returns whether a character has a shape. Tabs and line breaks count. */
function isVisible(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return character === "\t" || character === "\n" || (code >= 32 && !(code >= 127 && code <= 159));
}

/** Returns a look after codes such as `1;31`, which "Select Graphic Rendition" (ECMA-48) defines. */
function changed(before: Look, given: string): Look {
  let look = { ...before };
  const codes = given.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      if (code === 38) look.color = tableColor(codes, at);
      at += codes[at + 1] === 5 ? 2 : 4;
    } else look = { ...look, ...lookOf(code) };
  }
  return look;
}

/** Returns what a single code changes. Codes that the page does not show change nothing. */
function lookOf(code: number): Look {
  if (code === 0) return { color: undefined, weight: undefined };
  if (code === 1) return { weight: "bold" };
  if (code === 2) return { weight: "soft" };
  if (code === 22) return { weight: undefined };
  if (code === 39) return { color: undefined };
  if (code >= 30 && code <= 37) return { color: COLORS[code - 30] };
  return code >= 90 && code <= 97 ? { color: COLORS[code - 90] } : {};
}

/** Returns one of 256 colours, of which the page has the first 16. A colour of red, green and blue is left out. */
function tableColor(codes: number[], at: number): string | undefined {
  const [kind, index = 0] = codes.slice(at + 1);
  return kind === 5 && index < 16 ? COLORS[index % 8] : undefined;
}
