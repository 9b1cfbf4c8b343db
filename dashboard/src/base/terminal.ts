/** A printed line as a terminal shows it: what carriage returns leave of it, and its colours as classes. Pure functions. */

export interface Piece {
  text: string;
  /** Classes of the style sheet. */
  look: string;
  /** A colour of its own, which no class has. */
  color?: string;
  background?: string;
}

interface Look {
  /** The class of one of the 16 usual colours. */
  color?: string | undefined;
  /** Another colour, as a style sheet writes it. */
  own?: string | undefined;
  background?: string | undefined;
  weight?: string | undefined;
  slant?: string | undefined;
  line?: string | undefined;
  inverse?: string | undefined;
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
  if (!text) return;
  const { color, weight, slant, line, inverse, own, background } = look;
  const classes = [own ? undefined : color, weight, slant, line, inverse].filter(Boolean).join(" ");
  found.push({ text, look: classes, ...(own ? { color: own } : {}), ...(background ? { background } : {}) });
}

/** Returns whether a character has a shape. Tabs and line breaks count. */
function isVisible(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return character === "\t" || character === "\n" || (code >= 32 && !(code >= 127 && code <= 159));
}

/** Returns a look after codes such as `1;31`, which "Select Graphic Rendition" (ECMA-48) defines. */
function changed(before: Look, given: string): Look {
  let look = { ...before };
  const codes = given.split(";");
  for (let at = 0; at < codes.length; at++) {
    const [code = "", ...parts] = (codes[at] ?? "").split(":");
    const number = Number(code);
    if (number !== 38 && number !== 48) {
      look = { ...look, ...lookOf(number) };
      continue;
    }
    const kind = Number(parts[0] ?? codes[at + 1]);
    const size = kind === 5 ? 1 : 3;
    const values = parts.length ? parts.slice(-size) : codes.slice(at + 2, at + 2 + size);
    if (!parts.length) at += 1 + size;
    look = { ...look, ...colorLook(values.map(Number), number === 48) };
  }
  return look;
}

/** Returns what a single code changes. Codes that the page does not show change nothing. */
function lookOf(code: number): Look {
  const known = CODES[code];
  if (known) return known;
  if (code >= 30 && code <= 37) return { color: COLORS[code - 30], own: undefined };
  if (code >= 90 && code <= 97) return { color: COLORS[code - 90], own: undefined };
  if (code >= 40 && code <= 47) return { background: tableColor(code - 40) };
  return code >= 100 && code <= 107 ? { background: tableColor(code - 92) } : {};
}

const NOTHING = { color: undefined, own: undefined, background: undefined, weight: undefined };
const CODES: Record<number, Look> = {
  0: { ...NOTHING, slant: undefined, line: undefined, inverse: undefined },
  1: { weight: "bold" },
  2: { weight: "soft" },
  3: { slant: "italic" },
  4: { line: "underline" },
  7: { inverse: "inverse" },
  22: { weight: undefined },
  23: { slant: undefined },
  24: { line: undefined },
  27: { inverse: undefined },
  39: { color: undefined, own: undefined },
  49: { background: undefined },
};

/** Returns the look of one of 256 colours, or of a colour of red, green and blue. */
function colorLook(values: number[], isBackground: boolean): Look {
  const [first = 0] = values;
  if (values.some((value) => !(value >= 0 && value <= 255))) return {};
  const color = values.length === 1 ? tableColor(first) : `rgb(${values.join(" ")})`;
  if (isBackground) return { background: color };
  return values.length === 1 && first < 16 ? { color: COLORS[first % 8], own: undefined } : { own: color };
}

/** The 16 usual colours as backgrounds, as xterm has them. */
const USUAL = [
  ...["0 0 0", "205 0 0", "0 205 0", "205 205 0", "0 0 238", "205 0 205", "0 205 205", "229 229 229"],
  ...["127 127 127", "255 0 0", "0 255 0", "255 255 0", "92 92 255", "255 0 255", "0 255 255", "255 255 255"],
];
const STEPS = [0, 95, 135, 175, 215, 255];

/** Returns one of the 256 colours of xterm: 16 usual ones, a cube of six steps, and 24 greys. */
function tableColor(index: number): string {
  if (index < 16) return `rgb(${USUAL[index]})`;
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + 10 * (index - 232))
      .join(" ")})`;
  const at = index - 16;
  return `rgb(${[36, 6, 1].map((size) => STEPS[Math.floor(at / size) % 6]).join(" ")})`;
}
