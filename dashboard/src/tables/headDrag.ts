/** Drags the head of a column to another place. */

import { followPointer, swallowClick } from "../base/pointer";
import type { MoveColumn } from "./types";

/** A press that moves further than this is a drag, not a click. */
const DRAG_PX = 6;

/** Returns the heads of a row that can be moved, from left to right. */
export function movableHeads(head: HTMLElement): HTMLElement[] {
  return [...(head.parentElement?.querySelectorAll<HTMLElement>("[data-movable]") ?? [])];
}

interface Target {
  head: HTMLElement;
  isBehind: boolean;
}

/** Follows a press on a column's head. Calls `onMove` if it is dropped on another one. */
export function dragHead(event: PointerEvent, own: HTMLElement, onMove: MoveColumn): void {
  const heads = movableHeads(own);
  let isDragged = false;
  followPointer(event, {
    move: (to, dx) => {
      isDragged ||= Math.abs(dx) > DRAG_PX;
      if (!isDragged) return;
      own.classList.add("dragged");
      mark(heads, targetAt(heads, to.clientX));
    },
    end: (to) => {
      mark(heads, null);
      own.classList.remove("dragged");
      if (!isDragged) return;
      swallowClick(); // a drag must not sort the table
      const target = to && targetAt(heads, to.clientX);
      if (target && target.head !== own) move(own, target, onMove);
    },
  });
}

function move(own: HTMLElement, { head, isBehind }: Target, onMove: MoveColumn): void {
  const [id, to] = [own.dataset["movable"], head.dataset["movable"]];
  if (id !== undefined && to !== undefined) onMove(id, to, isBehind);
}

/** Returns the head under a place of the window, and which half of it. */
function targetAt(heads: HTMLElement[], x: number): Target | null {
  const head = heads.find((one) => x < one.getBoundingClientRect().right) ?? heads.at(-1);
  if (!head) return null;
  const box = head.getBoundingClientRect();
  return { head, isBehind: x > box.left + box.width / 2 };
}

function mark(heads: HTMLElement[], target: Target | null): void {
  for (const head of heads) head.classList.remove("drop-before", "drop-behind");
  target?.head.classList.add(target.isBehind ? "drop-behind" : "drop-before");
}
