import { describe, expect, it } from "vitest";
import { pieces, plain } from "./terminal";

const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);

describe("pieces", () => {
  it("gives text without colours one piece without a look", () => {
    expect(pieces("hello")).toEqual([{ text: "hello", look: "" }]);
    expect(pieces("")).toEqual([]);
  });

  it("reads colours and weights, and their end", () => {
    expect(pieces(`${ESC}[1;31mworse${ESC}[m than`)).toEqual([
      { text: "worse", look: "red bold" },
      { text: " than", look: "" },
    ]);
    expect(pieces(`${ESC}[2mfaint${ESC}[22mplain`).map((piece) => piece.look)).toEqual(["soft", ""]);
    expect(pieces(`${ESC}[92mgreen${ESC}[39mplain`).map((piece) => piece.look)).toEqual(["green", ""]);
  });

  it("reads 256 colours and colours of red, green and blue", () => {
    expect(pieces(`${ESC}[38;5;9ma`)).toEqual([{ text: "a", look: "red" }]);
    expect(pieces(`${ESC}[38;5;200ma`)).toEqual([{ text: "a", look: "", color: "rgb(255 0 215)" }]);
    expect(pieces(`${ESC}[38;5;244ma`)).toEqual([{ text: "a", look: "", color: "rgb(128 128 128)" }]);
    expect(pieces(`${ESC}[38;2;1;31;32;1ma`)).toEqual([{ text: "a", look: "bold", color: "rgb(1 31 32)" }]);
    expect(pieces(`${ESC}[38:2::1:31:32;4ma`)).toEqual([{ text: "a", look: "underline", color: "rgb(1 31 32)" }]);
    expect(pieces(`${ESC}[48;5;1;32ma`)).toEqual([{ text: "a", look: "green", background: "rgb(205 0 0)" }]);
    expect(pieces(`${ESC}[44ma${ESC}[49mb`).map((piece) => piece.background)).toEqual(["rgb(0 0 238)", undefined]);
    expect(pieces(`${ESC}[38;5;999ma`)).toEqual([{ text: "a", look: "" }]);
  });

  it("reads italics, lines below and inverse text", () => {
    expect(pieces(`${ESC}[3;4;7ma${ESC}[23;24;27mb`).map((piece) => piece.look)).toEqual([
      "italic underline inverse",
      "",
    ]);
  });

  it("shows the last version of a line that was overwritten", () => {
    expect(plain("10%|#    |\r100%|#####|")).toBe("100%|#####|");
    expect(plain("done\r")).toBe("done");
  });

  it("leaves out cursor movements, titles, links and control characters", () => {
    expect(plain(`${ESC}]0;title${BELL}text${ESC}[K`)).toBe("text");
    expect(plain(`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`)).toBe("link");
    expect(plain(`a${String.fromCharCode(0)}b${String.fromCharCode(155)}c\td`)).toBe("abc\td");
  });

  it("keeps characters beyond the basic plane whole", () => {
    expect(plain("🚀 ä")).toBe("🚀 ä");
  });

  it("survives a sequence that is cut off", () => {
    expect(plain(`text${ESC}[3`)).toBe("text");
    expect(plain(`text${ESC}`)).toBe("text");
  });
});
