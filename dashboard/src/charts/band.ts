/** A line with a band around it, on the canvas of a scatter plot. */

import type { Size } from "../base/useSize";

/** Places from left and bottom (0) to right and top (1). */
export interface BandPoint {
  x: number;
  middle: number;
  low: number;
  high: number;
}

/** Returns the points of a band from left to right. `ys`: middle, low and high of each; null: it is nowhere. */
export function bandOf(xs: (number | null)[], ys: (number | null)[]): BandPoint[] {
  const points = xs.flatMap((x, at): BandPoint[] => {
    const [middle = null, low = null, high = null] = ys.slice(3 * at, 3 * at + 3);
    return x === null || middle === null || low === null || high === null ? [] : [{ x, middle, low, high }];
  });
  return points.sort((a, b) => a.x - b.x);
}

/** Draws a band over what is on the canvas. Its colour is that of the canvas's text. */
export function drawBand(canvas: HTMLCanvasElement, size: Size, band: BandPoint[]): void {
  const context = canvas.getContext("2d");
  if (!context || !band.length) return;
  const color = getComputedStyle(canvas).color;
  const at = (x: number, y: number): [number, number] => [x * size.width, (1 - y) * size.height];
  context.fillStyle = context.strokeStyle = color;
  context.globalAlpha = 0.12;
  context.beginPath();
  for (const { x, high } of band) context.lineTo(...at(x, high));
  for (const { x, low } of [...band].reverse()) context.lineTo(...at(x, low));
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const { x, middle } of band) context.lineTo(...at(x, middle));
  context.stroke();
}
