/** The values under the pointer, in words. */

import type uPlot from "uplot";
import { number } from "../base/format";
import { headAndTail } from "../base/names";
import type { Line } from "./lines";
import { type Look, xText } from "./look";

/** What lies this near to the pointer is told as the range under it: no spike hides between two pixels. */
const REACH_PX = 1.5;

/** The points at the pointer, nearest first; how many there are in all; and where it is, in pixels from the left. */
export interface Pointed {
  near: { line: Line; at: number }[];
  total: number;
  left: number;
}

/** Writes the values under the pointer into the readout, nearest first. */
export function showReadout(
  readout: HTMLElement,
  plot: uPlot | null,
  look: Look,
  { near, total, left }: Pointed,
): void {
  if (!near.length || !plot) {
    readout.hidden = true;
    return;
  }
  const head = element("div", "readout-head", xText(near[0]!.line.x[near[0]!.at]!, look.xAxis));
  const rows = near.map(({ line, at }, order) => {
    const row = element("div", order ? "readout-row" : "readout-row first", "");
    const swatch = element("i", "swatch", "");
    swatch.style.background = line.color;
    const shown = look.unit ?? ((value: number) => number(value, 5));
    const [low, high] = range(line, at, plot.posToVal(left - REACH_PX, "x"), plot.posToVal(left + REACH_PX, "x"));
    const span = low < high ? `  ${shown(low)} … ${shown(high)}` : "";
    const count = line.counts ? ` (${line.counts[at]})` : "";
    row.append(swatch, name(line.label), element("b", "", shown(line.y[at]!) + count), element("small", "", span));
    return row;
  });
  const ends = near[0]!.line.end;
  const isAtEnd = ends && near[0]!.at === near[0]!.line.x.length - 1;
  const more = total > near.length ? [element("div", "readout-more", `and ${total - near.length} more`)] : [];
  readout.replaceChildren(head, ...rows, ...more, ...(isAtEnd ? [element("div", "readout-more", ends.text)] : []));
  readout.hidden = false;
  readout.classList.toggle("at-left", left > plot.over.clientWidth / 2);
}

/** Returns a line's name, cut in its middle where it is too long: its end is what tells it from others. */
function name(label: string): HTMLElement {
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

/** Returns the least and the most of a line's values at a point and from one place to another; the first is larger where there are none. */
function range(line: Line, at: number, from: number, to: number): [number, number] {
  let low = line.low[at] ?? Number.POSITIVE_INFINITY;
  let high = line.high[at] ?? Number.NEGATIVE_INFINITY;
  let first = at;
  let last = at;
  while (first > 0 && line.x[first - 1]! >= from) first--;
  while (last < line.x.length - 1 && line.x[last + 1]! <= to) last++;
  for (let near = first; near <= last; near++) {
    low = Math.min(low, line.low[near] ?? low);
    high = Math.max(high, line.high[near] ?? high);
  }
  return [low, high];
}
