/** One head of a table: sorts on a click, is dragged to another place, and at its edge to another width; keys do both too. */

import type { TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import type { Column, Sort } from "./Table";

export const LEAST_PX = 44;
export const MOST_PX = 900;
const STEP_PX = 24;
const DRAG_PX = 6;

interface Props<Row> {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
  /** Puts a column before or behind another one. */
  onMove: ((id: string, to: string, isBehind: boolean) => void) | undefined;
  onResize: ((id: string, width: number | null) => void) | undefined;
  /** Shows a width that is not yet chosen; null: no more. */
  onSizing: (width: number | null) => void;
  kind: string;
  style: Record<string, string>;
}

export function TableHead<Row>({ column, sort, onSort, onMove, onResize, onSizing, kind, style }: Props<Row>) {
  const own = useRef<HTMLDivElement>(null);
  const isSorted = sort?.by === column.id;
  const order = isSorted ? (sort!.isDown ? "descending" : "ascending") : "none";
  const isMovable = onMove !== undefined && column.isMovable === true;
  const isSizable = onResize !== undefined && column.isMovable === true;

  function onPress(event: TargetedPointerEvent<HTMLDivElement>): void {
    if (!isMovable || event.button || event.pointerType === "touch" || (event.target as Element).closest(".head-edge"))
      return;
    const heads = [...own.current!.parentElement!.querySelectorAll<HTMLElement>("[data-movable]")];
    const place = (x: number) => {
      const over = heads.find((head) => x < head.getBoundingClientRect().right) ?? heads[heads.length - 1]!;
      const box = over.getBoundingClientRect();
      return { over, isBehind: x > box.left + box.width / 2 };
    };
    const mark = (at: { over: HTMLElement; isBehind: boolean } | null) => {
      for (const head of heads) head.classList.remove("drop-before", "drop-behind");
      at?.over.classList.add(at.isBehind ? "drop-behind" : "drop-before");
    };
    let isDragged = false;
    follow(event, {
      move: (to, dx) => {
        isDragged ||= Math.abs(dx) > DRAG_PX;
        if (!isDragged) return;
        own.current?.classList.add("dragged");
        mark(place(to.clientX));
      },
      end: (to) => {
        mark(null);
        own.current?.classList.remove("dragged");
        if (!isDragged) return;
        addEventListener("click", swallow, { capture: true, once: true }); // a drag is no wish to sort
        setTimeout(() => removeEventListener("click", swallow, { capture: true }));
        if (!to) return;
        const { over, isBehind } = place(to.clientX);
        if (over !== own.current) onMove(column.id, over.dataset["movable"]!, isBehind);
      },
    });
  }

  function onEdge(event: TargetedPointerEvent<HTMLElement>): void {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    const before = own.current!.getBoundingClientRect().width;
    let width = before;
    follow(event, {
      move: (_, dx) => {
        width = between(before + dx);
        onSizing(width);
      },
      end: (to) => {
        onSizing(null);
        if (to && width !== before) onResize!(column.id, width);
      },
    });
  }

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !event.shiftKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.ctrlKey) {
      if (isSizable) onResize(column.id, between(own.current!.getBoundingClientRect().width + step * STEP_PX));
      return;
    }
    const heads = [...own.current!.parentElement!.querySelectorAll<HTMLElement>("[data-movable]")];
    const to = heads[heads.indexOf(own.current!) + step];
    if (!isMovable || !to) return;
    onMove(column.id, to.dataset["movable"]!, step > 0);
    requestAnimationFrame(() => own.current?.querySelector("button")?.focus()); // where it was moved in the page it lost it
  }

  return (
    <div
      class={`${kind} head`}
      role="columnheader"
      ref={own}
      data-movable={isMovable ? column.id : undefined}
      style={style}
      aria-sort={column.isSortable ? order : undefined}
      title={column.hint ?? column.title}
      onPointerDown={onPress}
      onKeyDown={onKey}
    >
      {column.isSortable && onSort ? (
        <button
          type="button"
          aria-keyshortcuts={isMovable ? "Shift+ArrowLeft Shift+ArrowRight" : undefined}
          onClick={() => onSort({ by: column.id, isDown: isSorted ? !sort!.isDown : !!column.isNumber })}
        >
          {column.title}
          {isSorted && <i aria-hidden="true">{sort!.isDown ? " ↓" : " ↑"}</i>}
        </button>
      ) : (
        column.title
      )}
      {isSizable && (
        <i
          class="head-edge"
          aria-hidden="true"
          title="drag: width; double click: as it was"
          onPointerDown={onEdge}
          onDblClick={() => onResize(column.id, null)}
        />
      )}
    </div>
  );
}

interface Moves {
  move: (event: PointerEvent, dx: number) => void;
  /** Called once; null: Escape, or the pointer was taken away. */
  end: (event: PointerEvent | null) => void;
}

/** Follows a pointer until it is let go. */
function follow(from: PointerEvent, { move, end }: Moves): void {
  const listening = new AbortController();
  const { signal } = listening;
  const finish = (event: PointerEvent | null) => {
    listening.abort();
    end(event);
  };
  addEventListener(
    "pointermove",
    (event) => event.pointerId === from.pointerId && move(event, event.clientX - from.clientX),
    { signal },
  );
  addEventListener("pointerup", (event) => event.pointerId === from.pointerId && finish(event), { signal });
  addEventListener("pointercancel", () => finish(null), { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && finish(null), { signal });
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

function between(width: number): number {
  return Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, width)));
}
