/** The head of a column: a click sorts, dragging moves it, dragging its edge resizes it. The keyboard can do both too. */

import type { TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { followPointer } from "../base/pointer";
import type { Sort } from "../base/router";
import { dragHead, movableHeads } from "./headDrag";
import { type Column, columnWidth, type MoveColumn, type ResizeColumn } from "./types";

/** How much the keyboard changes a width at a time. */
const STEP_PX = 24;

interface Props<Row> {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
  onMove: MoveColumn | undefined;
  onResize: ResizeColumn | undefined;
  /** Shows a width while it is being dragged; null: no longer. */
  onSizing: (width: number | null) => void;
  kind: string;
  style: Record<string, string>;
}

export function TableHead<Row>({ column, sort, onSort, onMove, onResize, onSizing, kind, style }: Props<Row>) {
  const own = useRef<HTMLDivElement>(null);
  const move = column.isMovable ? onMove : undefined;
  const resize = column.isMovable ? onResize : undefined;
  const isDown = sort?.by === column.id ? sort.isDown : undefined;

  function onPress(event: TargetedPointerEvent<HTMLDivElement>): void {
    const isOnEdge = (event.target as Element).closest(".head-edge");
    if (!move || !own.current || event.button || event.pointerType === "touch" || isOnEdge) return;
    dragHead(event, own.current, move);
  }

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !own.current || !event.shiftKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.ctrlKey) resize?.(column.id, columnWidth(own.current.getBoundingClientRect().width + step * STEP_PX));
    else stepHead(own.current, step, (to) => move?.(column.id, to, step > 0));
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: the table is no `table` element
    // biome-ignore lint/a11y/useFocusableInteractive: the button inside takes the focus
    <div
      class={`${kind} head`}
      role="columnheader"
      ref={own}
      data-movable={move ? column.id : undefined}
      style={style}
      aria-sort={column.isSortable ? orderOf(isDown) : undefined}
      title={column.hint ?? column.title}
      onPointerDown={onPress}
      onKeyDown={onKey}
    >
      {column.isSortable && onSort ? (
        <button
          type="button"
          aria-keyshortcuts={move ? "Shift+ArrowLeft Shift+ArrowRight" : undefined}
          onClick={() => onSort(nextSort(column, isDown))}
        >
          {column.title}
          {isDown !== undefined && <i aria-hidden="true">{isDown ? " ↓" : " ↑"}</i>}
        </button>
      ) : (
        (column.head ?? column.title)
      )}
      {resize && <Edge onSizing={onSizing} onResize={(width) => resize(column.id, width)} />}
    </div>
  );
}

/** Returns the order after a click. `isDown`: the direction until then; undefined if another column was sorted. */
function nextSort<Row>({ id, isDownFirst, isNumber = false }: Column<Row>, isDown: boolean | undefined): Sort {
  return { by: id, isDown: isDown === undefined ? (isDownFirst ?? isNumber) : !isDown };
}

function orderOf(isDown: boolean | undefined): "none" | "ascending" | "descending" {
  if (isDown === undefined) return "none";
  return isDown ? "descending" : "ascending";
}

/** Moves a head one place to the left or right, and restores the focus, which it loses in the move. */
function stepHead(own: HTMLElement, step: number, move: (to: string) => void): void {
  const heads = movableHeads(own);
  const to = heads[heads.indexOf(own) + step]?.dataset["movable"];
  if (to === undefined) return;
  move(to);
  requestAnimationFrame(() => own.querySelector("button")?.focus());
}

interface EdgeProps {
  onSizing: (width: number | null) => void;
  onResize: (width: number | null) => void;
}

/** The edge that changes a column's width. */
function Edge({ onSizing, onResize }: EdgeProps) {
  function onPress(event: TargetedPointerEvent<HTMLElement>): void {
    const head = event.currentTarget.parentElement;
    if (event.button || !head) return;
    event.preventDefault();
    event.stopPropagation();
    const before = head.getBoundingClientRect().width;
    let width = before;
    followPointer(event, {
      move: (_, dx) => {
        width = columnWidth(before + dx);
        onSizing(width);
      },
      end: (to) => {
        onSizing(null);
        if (to && width !== before) onResize(width);
      },
    });
  }
  return (
    <i
      class="head-edge"
      aria-hidden="true"
      title="drag: change the width; double click: restore it"
      onPointerDown={onPress}
      onDblClick={() => onResize(null)}
    />
  );
}
