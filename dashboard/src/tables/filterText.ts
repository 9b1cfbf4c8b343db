/** Reads a filter while it is typed: what is expected at a place, and what is wrong. Pure functions. */

/** What the server's filter language expects at a place. */
export type Expected = "column" | "operator" | "value" | "join";

export interface Fault {
  /** Where in the text, from 0. */
  at: number;
  message: string;
}

export interface TypedPart {
  expected: Expected;
  /** The part of the text that a completion replaces. */
  start: number;
  end: number;
  /** What is typed of it so far, without quotes. */
  text: string;
  /** The column whose value or operator is expected. */
  column: string;
}

interface Token {
  kind: "string" | "operator" | "word";
  text: string;
  at: number;
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(<=|>=|!=|==|=|<|>|~|\(|\)|,)|((?:[^\s"'`()<>=!~,]|`[^`]*`)+))/y;
const COMPARISON = new Set(["=", "==", "!=", "<", "<=", ">", ">=", "~", "has", "in"]);
export const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "~", "in", "has"];
const WRITE: Record<Expected, string> = {
  column: "write a column, such as `state`, `config.lr` or `summary.val/loss`",
  operator: "write `=`, `!=`, `<`, `<=`, `>`, `>=`, `~` (contains), `in` or `has`",
  value: "write a value: a number, a word, or a text in quotes",
  join: "write `and`, `or`, or nothing more",
};

/** Returns whether a text is a filter, not words to search for. */
export function isFilter(text: string): boolean {
  return /[=<>~]|\b(has|in)\b/.test(text);
}

/** Returns the first fault of a filter; null if there is none. */
export function filterFault(text: string): Fault | null {
  const { tokens, rest } = tokensOf(text);
  const state = new Reader();
  for (const token of tokens) {
    const wrong = state.take(token);
    if (wrong) return { at: token.at, message: wrong };
  }
  if (rest !== null) return { at: rest, message: "close the text with a quote" };
  return state.atEnd(text.length);
}

/** Returns what is typed at the end of the part of a filter before the cursor. */
export function typedPart(text: string): TypedPart {
  const { tokens, rest } = tokensOf(text);
  const last = tokens.at(-1);
  const isOpen =
    rest !== null || (last !== undefined && last.kind === "word" && last.at + last.text.length === text.length);
  const done = rest === null && isOpen ? tokens.slice(0, -1) : tokens;
  const state = new Reader();
  for (const token of done) state.take(token);
  const start = isOpen ? (rest ?? last?.at ?? text.length) : text.length;
  const typed = text.slice(start).replace(/^["']/, "").replaceAll("`", "");
  return { expected: state.expected, start, end: text.length, text: typed, column: state.column };
}

function tokensOf(text: string): { tokens: Token[]; rest: number | null } {
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim()) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return { tokens, rest: at + (text.slice(at).length - text.slice(at).trimStart().length) };
    const [whole, string, operator, word] = match;
    const part = string ?? operator ?? word ?? "";
    const kind = string !== undefined ? "string" : operator !== undefined ? "operator" : "word";
    tokens.push({ kind, text: part, at: at + whole.length - part.length });
    at += whole.length;
  }
  return { tokens, rest: null };
}

/** Follows a filter token by token. */
class Reader {
  expected: Expected = "column";
  column = "";
  private open: number[] = [];
  private isList = false;

  /** Takes the next token, and returns what is wrong with it; empty if nothing is. */
  take(token: Token): string {
    if (this.expected === "column") return this.takeColumn(token);
    if (this.expected === "operator") return this.takeOperator(token);
    if (this.expected === "value") return this.takeValue(token);
    return this.takeJoin(token);
  }

  atEnd(at: number): Fault | null {
    if (this.expected !== "join") return this.column || at ? { at, message: WRITE[this.expected] } : null;
    if (this.isList) return { at, message: "close the list with `)`" };
    return this.open.length ? { at, message: "close the bracket with `)`" } : null;
  }

  private takeColumn(token: Token): string {
    if (token.text === "(") this.open.push(token.at);
    else if (token.kind !== "word") return WRITE.column;
    else if (token.text.toLowerCase() !== "not") {
      this.column = token.text.replaceAll("`", "");
      this.expected = "operator";
    }
    return "";
  }

  private takeOperator({ kind, text }: Token): string {
    if (kind === "string" || !COMPARISON.has(text.toLowerCase())) return WRITE.operator;
    this.isList = text.toLowerCase() === "in";
    this.expected = "value";
    return "";
  }

  private takeValue({ kind, text }: Token): string {
    if (this.isList && text === "(" && kind === "operator") return "";
    if (kind === "operator") return WRITE.value;
    this.expected = "join";
    return "";
  }

  private takeJoin({ kind, text }: Token): string {
    const word = text.toLowerCase();
    if (this.isList) {
      if (text === ",") this.expected = "value";
      else if (text === ")") this.isList = false;
      else return "write `,` and one more value, or `)`";
      return "";
    }
    if (kind === "word" && (word === "and" || word === "or")) this.expected = "column";
    else if (text !== ")" || this.open.pop() === undefined) return WRITE.join;
    return "";
  }
}

const PLAIN_WORD = /^[^\s"'`()<>=!~,]+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const RESERVED = new Set(["true", "false", "null", "none", "and", "or", "not"]);

/** Returns a column as a filter has it. */
export function columnText(column: string): string {
  const [head = "", ...rest] = column.split(".");
  if (PLAIN_WORD.test(column)) return column;
  return rest.length ? `${head}.\`${rest.join(".")}\`` : `\`${column}\``;
}

/** Returns a value as a filter has it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = String(value);
  const isPlain = PLAIN_WORD.test(text) && !NUMBER.test(text) && !RESERVED.has(text.toLowerCase());
  return isPlain ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** Returns a filter that also asks for a comparison. Words that are searched for are replaced. */
export function withComparison(text: string, comparison: string): string {
  if (!isFilter(text) || filterFault(text)) return comparison;
  if (text.includes(comparison)) return text;
  return /\bor\b/i.test(text) ? `(${text}) and ${comparison}` : `${text} and ${comparison}`;
}

/** Columns in which every run has its own value, or several ones. */
const UNCOMPARED = new Set(["created", "updated", "ended", "duration", "rows", "tags", "notes"]);

/** Returns the comparison that finds runs with the same value in a column; null: nobody would look for it. */
export function comparisonOf(column: string, row: Record<string, unknown>, isGroup = false): string | null {
  const value = row[column];
  if (UNCOMPARED.has(column) || (typeof value === "object" && value !== null)) return null;
  const name = isGroup && column === "state" ? "group_state" : column;
  return `${columnText(name)} = ${valueText(row[name] ?? null)}`;
}
