/** The dots of a scatter plot: drawn on a canvas, and found by the pointer. */

import type { Size } from "../base/useSize";

/** A dot that stands for something: a trial, a run. */
export interface Dot<Of = unknown> {
  /** From left (0) to right (1). */
  x: number;
  /** From bottom (0) to top (1). */
  y: number;
  /** From best (0) to worst (1). */
  place: number;
  of: Of;
  /** The ends of its bar, from bottom (0) to top (1); null: it has none. */
  bar: [low: number, high: number] | null;
}

const RADIUS_PX = 3.5;
const POINTED_RADIUS_PX = 5.5;
/** A dot this near to the pointer is pointed at. */
const REACH_PX = 12;
interface DotLook<Of> {
  colorOf: (dot: Dot<Of>) => string;
  pointed: Dot<Of> | null;
}

export function drawDots<Of>(
  canvas: HTMLCanvasElement,
  size: Size,
  dots: Dot<Of>[],
  { colorOf, pointed }: DotLook<Of>,
): void {
  const ratio = devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  for (const dot of dots) {
    drawBar(context, size, dot, colorOf(dot));
    const radius = dot === pointed ? POINTED_RADIUS_PX : RADIUS_PX;
    context.beginPath();
    context.fillStyle = colorOf(dot);
    context.arc(dot.x * size.width, (1 - dot.y) * size.height, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawBar(
  context: CanvasRenderingContext2D,
  size: Size,
  { x, bar }: Pick<Dot, "x" | "bar">,
  color: string,
): void {
  if (!bar) return;
  context.beginPath();
  context.strokeStyle = color;
  for (const end of bar) context.lineTo(x * size.width, (1 - end) * size.height);
  context.stroke();
}

/** Returns the dot nearest to a place in pixels; null if none is near. Of equally near ones, the uppermost. */
export function nearestDot<Of>(dots: Dot<Of>[], size: Size, left: number, top: number): Dot<Of> | null {
  let found: Dot<Of> | null = null;
  let least = REACH_PX;
  for (const dot of dots) {
    const distance = Math.hypot(dot.x * size.width - left, (1 - dot.y) * size.height - top);
    if (distance > least || distance >= REACH_PX) continue;
    [found, least] = [dot, distance];
  }
  return found;
}
