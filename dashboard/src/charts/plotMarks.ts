/** What a chart draws besides its lines: envelopes, unsmoothed values, dots, ends, and values that are not finite. */

import uPlot from "uplot";
import { faded } from "../base/theme";
import { type Line, lonePoints } from "./lines";
import { isDrawn, type Look } from "./look";

const DOT_PX = 3.6;
const CROSS_PX = 3.5;
const CROSS_BOTTOM_PX = 5;

/** Draws what lies behind the lines. */
export function drawBehind(plot: uPlot, lines: Line[], look: Look): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const line of lines) {
    if (look.hasEnvelope || line.counts) drawEnvelope(plot, line, look);
    if (line.raw) drawRaw(plot, line, line.raw, look);
  }
  ctx.restore();
}

/** Draws what lies on the lines. */
export function drawMarks(plot: uPlot, lines: Line[], look: Look): void {
  const { ctx } = plot;
  ctx.save();
  ctx.lineWidth = 1.6 * uPlot.pxRatio;
  for (const line of lines) {
    if (line.broken.length) drawBroken(plot, line);
    if (!line.dots) for (const at of lonePoints(line.y)) drawDot(plot, line, at, line.color, look);
    for (const [at, color] of (line.dots ?? []).entries()) drawDot(plot, line, at, color, look);
    if (line.end) drawDot(plot, line, line.y.length - 1, line.end.color, look);
  }
  ctx.restore();
}

function xOf(plot: uPlot, value: number | undefined): number {
  return plot.valToPos(value ?? 0, "x", true);
}

function yOf(plot: uPlot, value: number | null | undefined): number {
  return plot.valToPos(value ?? 0, "y", true);
}

function drawEnvelope(plot: uPlot, line: Line, look: Look): void {
  const { ctx } = plot;
  if (line.low === line.high || !line.low.some((low, at) => low !== line.high[at])) return;
  ctx.fillStyle = faded(line.color, line.counts ? 0.2 : 0.16);
  const isInside = (at: number) => isDrawn(line.low[at], look.isLogY) && isDrawn(line.high[at], look.isLogY);
  const inside = [...line.x.keys()].filter(isInside);
  ctx.beginPath();
  for (const at of inside) ctx.lineTo(xOf(plot, line.x[at]), yOf(plot, line.high[at]));
  for (const at of inside.reverse()) ctx.lineTo(xOf(plot, line.x[at]), yOf(plot, line.low[at]));
  ctx.fill();
}

function drawRaw(plot: uPlot, line: Line, raw: (number | null)[], look: Look): void {
  const { ctx } = plot;
  ctx.strokeStyle = faded(line.color, 0.28);
  ctx.lineWidth = uPlot.pxRatio;
  ctx.beginPath();
  let isInterrupted = true;
  for (const [at, value] of raw.entries()) {
    const isHere = isDrawn(value, look.isLogY);
    if (isHere && isInterrupted) ctx.moveTo(xOf(plot, line.x[at]), yOf(plot, value));
    else if (isHere) ctx.lineTo(xOf(plot, line.x[at]), yOf(plot, value));
    isInterrupted = !isHere;
  }
  ctx.stroke();
}

function drawDot(plot: uPlot, line: Line, at: number, color: string, look: Look): void {
  const { ctx } = plot;
  if (!isDrawn(line.y[at], look.isLogY)) return;
  ctx.beginPath();
  ctx.fillStyle = color;
  ctx.arc(xOf(plot, line.x[at]), yOf(plot, line.y[at]), DOT_PX * uPlot.pxRatio, 0, 2 * Math.PI);
  ctx.fill();
}

/** Draws a cross at the bottom of the chart wherever values were not finite. */
function drawBroken(plot: uPlot, line: Line): void {
  const { ctx, bbox } = plot;
  const arm = CROSS_PX * uPlot.pxRatio;
  const y = bbox.top + bbox.height - CROSS_BOTTOM_PX * uPlot.pxRatio;
  ctx.strokeStyle = line.color;
  ctx.beginPath();
  for (const value of line.broken) {
    const x = xOf(plot, value);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x - arm, y - arm);
    ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x - arm, y + arm);
    ctx.lineTo(x + arm, y - arm);
  }
  ctx.stroke();
}
