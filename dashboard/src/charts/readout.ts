/** The values under the pointer, as text. */

import type uPlot from "uplot";
import { number } from "../base/format";
import { headAndTail } from "../base/names";
import type { Line } from "./lines";
import { type Look, xText } from "./look";

/** Values this near to the pointer are shown as a range, so that no spike hides between two pixels. */
const REACH_PX = 1.5;

export interface Pointed {
  /** One point of each line that has one near the pointer, the nearest first. */
  near: { line: Line; at: number }[];
  /** How many lines have one in all. */
  total: number;
  /** Where the pointer is, in pixels from the left. */
  left: number;
}

/** Writes the values under the pointer into `readout`, or hides it if there are none. */
export function showReadout(readout: HTMLElement, plot: uPlot, look: Look, { near, total, left }: Pointed): void {
  const [first] = near;
  readout.hidden = !first;
  if (!first) return;
  const { line, at } = first;
  const reach: [number, number] = [plot.posToVal(left - REACH_PX, "x"), plot.posToVal(left + REACH_PX, "x")];
  const isAtEnd = line.end && at === line.x.length - 1;
  readout.replaceChildren(
    element("div", "readout-head", xText(line.x[at] ?? 0, look.xAxis)),
    ...near.map((point, order) => rowOf(point, order === 0, look, reach)),
    ...(total > near.length ? [element("div", "readout-more", `and ${total - near.length} more`)] : []),
    ...(isAtEnd ? [element("div", "readout-more", line.end?.text ?? "")] : []),
  );
  readout.classList.toggle("at-left", left > plot.over.clientWidth / 2);
}

function rowOf(
  { line, at }: Pointed["near"][number],
  isFirst: boolean,
  look: Look,
  reach: [number, number],
): HTMLElement {
  const row = element("div", isFirst ? "readout-row first" : "readout-row", "");
  const swatch = element("i", "swatch", "");
  swatch.style.background = line.color;
  const format = look.unit ?? ((value: number) => number(value, 5));
  const [low, high] = rangeAt(line, at, reach);
  const span = low < high ? `  ${format(low)} … ${format(high)}` : "";
  const count = line.counts ? ` (${line.counts[at]})` : "";
  const value = element("b", "", format(line.y[at] ?? 0) + count);
  row.append(swatch, nameOf(line.label), value, element("small", "", span));
  return row;
}

/** Returns a line's name. A long one is cut in the middle: names of runs often differ only at the end. */
function nameOf(label: string): HTMLElement {
  const [head, tail] = headAndTail(label);
  const made = element("span", tail ? "readout-name name cut" : "readout-name", tail ? "" : label);
  if (tail) made.append(element("span", "", head), element("span", "", tail));
  return made;
}

function element(name: string, className: string, text: string): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Returns the least and the greatest value of a line at a point and within a stretch of the x axis around it.
 *
 * If there are none, the least is greater than the greatest.
 */
export function rangeAt(line: Line, at: number, [from, to]: [number, number]): [number, number] {
  const isIn = (place: number | undefined) => place !== undefined && place >= from && place <= to;
  let [first, last] = [at, at];
  while (isIn(line.x[first - 1])) first--;
  while (isIn(line.x[last + 1])) last++;
  const lows = line.low.slice(first, last + 1).filter((value) => value !== null);
  const highs = line.high.slice(first, last + 1).filter((value) => value !== null);
  return [Math.min(...lows), Math.max(...highs)];
}
