/** The lines of parallel coordinates on a canvas: the best in front and bright, the others a density. */

import type { ParallelAxis } from "./parallelAxes";

export interface Frame {
  width: number;
  height: number;
  /** The room above and below the axes, and beside the outer ones. */
  top: number;
  bottom: number;
  side: number;
}

export interface ParallelLine {
  /** The index of the trial. */
  at: number;
  color: string;
  width: number;
}

/** How far below the axes a line passes where its trial has no value. */
const MISSING_PX = 10;
const REACH_PX = 8;
/** How long lines are drawn before the page may answer. */
const SLICE_MS = 8;
const LINES_PER_LOOK = 50;

/** Returns where an axis is, from the left. */
export function axisX(frame: Frame, at: number, count: number): number {
  return count < 2 ? frame.width / 2 : frame.side + (at * (frame.width - 2 * frame.side)) / (count - 1);
}

/** Returns where a place on an axis is, from the top. */
export function axisY({ top, bottom, height }: Frame, axis: Pick<ParallelAxis, "isFlipped">, place: number): number {
  return top + (axis.isFlipped ? place : 1 - place) * (height - top - bottom);
}

/** Returns the height of a line at each axis. */
export function lineHeights(frame: Frame, axes: ParallelAxis[], trial: number): number[] {
  return axes.map((axis) => {
    const place = axis.places[trial] ?? null;
    return place === null ? frame.height - frame.bottom + MISSING_PX : axisY(frame, axis, place);
  });
}

/** Draws lines one after the other, with pauses in which the page answers. `signal` ends it. */
export function drawParallel(
  canvas: HTMLCanvasElement,
  frame: Frame,
  axes: ParallelAxis[],
  lines: ParallelLine[],
  signal: AbortSignal,
): void {
  const context = cleared(canvas, frame);
  const xs = axes.map((_, at) => axisX(frame, at, axes.length));
  let next = 0;
  function drawSome(): void {
    const end = performance.now() + SLICE_MS;
    while (context && !signal.aborted && next < lines.length) {
      const line = lines[next++];
      if (line) stroke(context, xs, lineHeights(frame, axes, line.at), line);
      if (next % LINES_PER_LOOK === 0 && performance.now() > end) {
        requestAnimationFrame(drawSome);
        return;
      }
    }
  }
  drawSome();
}

function cleared(canvas: HTMLCanvasElement, { width, height }: Frame): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  context?.scale(ratio, ratio);
  if (context) context.lineJoin = "round";
  return context;
}

function stroke(context: CanvasRenderingContext2D, xs: number[], ys: number[], { color, width }: ParallelLine): void {
  context.beginPath();
  context.strokeStyle = color;
  context.lineWidth = width;
  for (const [at, x] of xs.entries()) context.lineTo(x, ys[at] ?? 0);
  context.stroke();
}

/** Returns the index of the trial whose line passes nearest to a point; null if none is near. */
export function nearestLine(
  frame: Frame,
  axes: ParallelAxis[],
  trials: number[],
  point: { x: number; y: number },
): number | null {
  const xs = axes.map((_, at) => axisX(frame, at, axes.length));
  const right = Math.max(
    1,
    xs.findIndex((x) => x >= point.x),
  );
  const [from = 0, to = 0] = [xs[right - 1], xs[right]];
  const [first, second] = [axes[right - 1], axes[right]];
  if (!first || !second || point.x > to + REACH_PX) return null;
  const part = (point.x - from) / (to - from || 1);
  let found: number | null = null;
  let least = REACH_PX;
  for (const trial of trials) {
    const [a = 0, b = 0] = lineHeights(frame, [first, second], trial);
    const distance = Math.abs(a + (b - a) * part - point.y);
    if (distance < least) [found, least] = [trial, distance];
  }
  return found;
}
