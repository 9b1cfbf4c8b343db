/** Follows a pointer while it is pressed. */

interface Moves {
  move: (event: PointerEvent, dx: number) => void;
  /** Called once. Null: Escape was pressed, or the browser took the pointer away. */
  end: (event: PointerEvent | null) => void;
}

/** Follows the pointer of a press until it is released. `dx`: pixels to the right of the press. */
export function followPointer(from: PointerEvent, { move, end }: Moves): void {
  const listening = new AbortController();
  const { signal } = listening;
  const isSame = (event: PointerEvent) => event.pointerId === from.pointerId;
  const finish = (event: PointerEvent | null) => {
    listening.abort();
    end(event);
  };
  addEventListener("pointermove", (event) => isSame(event) && move(event, event.clientX - from.clientX), { signal });
  addEventListener("pointerup", (event) => isSame(event) && finish(event), { signal });
  addEventListener("pointercancel", () => finish(null), { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && finish(null), { signal });
}

/** Keeps the click that follows a drag from doing anything. */
export function swallowClick(): void {
  const swallow = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }));
}
