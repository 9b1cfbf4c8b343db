import { describe, expect, it } from "vitest";
import type { ConsoleLine } from "../api/types";
import { barName, folded } from "./progressBars";

describe("barName", () => {
  it.each([
    ["Epoch 3:  12%|█▏        | 12/100 [00:01<00:09, 9.6it/s]", "Epoch 3:"],
    ["100%|##########| 5/5 [00:00<00:00]", ""],
    ["Epoch 0/9 ━━━━━━━━━━━━ 12/100 0:00:01", "Epoch"],
    ["  45/100 [=====>......] - loss: 0.5", ""],
    ["Downloading: 50%|#####     |", "Downloading:"],
  ])("names the bar of %s", (line, name) => expect(barName(line)).toBe(name));

  it.each(["loss 0.5 at 12/100", "accuracy 45%", "----- results -----", "| a | b |", ""])(
    "finds no bar in %s",
    (line) => expect(barName(line)).toBeNull(),
  );
});

describe("folded", () => {
  const lines = (...texts: string[]) =>
    texts.map((line, id): ConsoleLine => ({ id, number: id + 1, run: "r", rank: 0, time: 0, stream: "stdout", line }));
  const sizes = (...texts: string[]) => folded(lines(...texts)).map((fold) => fold.length);

  it("keeps the states of one bar together", () => {
    expect(sizes("start", "10%|#  | 1/10", "\u001b[A20%|## | 2/10", "30%|###| 3/10", "end")).toEqual([1, 3, 1]);
  });

  it("separates bars of different names, and those with lines between them", () => {
    expect(sizes("Epoch 0: 50%|#|", "Epoch 1: 50%|#|", "note", "Epoch 1: 70%|#|")).toEqual([1, 1, 1, 1]);
  });
});
