import { describe, expect, it } from "vitest";
import { quotedForShell } from "./shell";

describe("quotedForShell", () => {
  it.each([
    ["--lr=0.1", "--lr=0.1"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["$HOME", "'$HOME'"],
    ["", "''"],
  ])("quotes %s", (word, text) => {
    expect(quotedForShell(word)).toBe(text);
  });
});
