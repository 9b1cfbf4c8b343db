/** A chart as SVG for papers: lines, axes and names. */

import { number } from "../base/format";
import { logTicks, roundTicks } from "../base/ticks";
import { distinctTexts, tickTexts } from "../base/tickTexts";
import type { Line } from "./lines";
import { isDrawn, type Look, xName } from "./look";

const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 16;
const TOP = 32;
const BOTTOM = 40;
const TICKS = 5;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}

type Point = [x: number, y: number];

export function toSvg(title: string, lines: Line[], look: Look): string {
  const points = lines.map((line) => visiblePoints(line, look));
  const all = points.flat();
  const x = new Axis(
    all.map(([value]) => value),
    look.isLogX,
    LEFT,
    WIDTH - RIGHT,
  );
  const y = new Axis(
    all.map(([, value]) => value),
    look.isLogY,
    HEIGHT - BOTTOM,
    TOP,
  );
  const paths = lines.flatMap(({ color, label }, at) => {
    const places = (points[at] ?? []).map(([px, py]) => [x.at(px).toFixed(1), y.at(py).toFixed(1)] as const);
    const path = places.map((place) => place.join(" ")).join("L");
    if (!path) return [];
    if (places.length === 1) {
      const [cx, cy] = places[0] ?? [];
      return [`<circle cx="${cx}" cy="${cy}" r="3" fill="${escaped(color)}"><title>${escaped(label)}</title></circle>`];
    }
    const stroke = `fill="none" stroke="${escaped(color)}" stroke-width="1.5"`;
    return [`<path d="M${path}" ${stroke}><title>${escaped(label)}</title></path>`];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">`,
    textAt([LEFT, 18], title, "start"),
    ...x.texts.map(([tick, text]) => textAt([x.at(tick), HEIGHT - BOTTOM + 18], text, "middle")),
    ...y.texts.map(([tick, text]) => textAt([LEFT - 8, y.at(tick) + 4], text, "end")),
    ...y.ticks.map((tick) => `<path d="M${LEFT} ${y.at(tick).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>`),
    textAt([WIDTH - RIGHT, HEIGHT - 6], xName(look.xAxis), "end"),
    ...paths,
    "</svg>",
  ].join("\n");
}

function visiblePoints(line: Line, { zoom, isLogX, isLogY }: Look): Point[] {
  const isIn = (x: number) => !zoom || (x >= zoom[0] && x <= zoom[1]);
  return line.x.flatMap((x, at): Point[] => {
    const y = line.y[at];
    return isIn(x) && isDrawn(x, isLogX) && isDrawn(y, isLogY) ? [[x, y]] : [];
  });
}

function textAt([x, y]: Point, text: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

/** Maps values to places between `from` and `to`. */
class Axis {
  readonly ticks: number[];
  readonly texts: [tick: number, text: string][];
  private readonly low: number;
  private readonly size: number;

  constructor(
    values: number[],
    private readonly isLog: boolean,
    private readonly from: number,
    private readonly to: number,
  ) {
    const scaled = values.map((value) => this.scale(value));
    this.low = scaled.reduce((least, value) => Math.min(least, value), scaled[0] ?? 0);
    this.size = scaled.reduce((most, value) => Math.max(most, value), scaled[0] ?? 1) - this.low || 1;
    const high = this.low + this.size;
    this.ticks = isLog ? logTicks(10 ** this.low, 10 ** high, TICKS) : roundTicks(this.low, high, TICKS);
    const texts = isLog ? distinctTexts(this.ticks, (tick) => number(tick)) : tickTexts(this.ticks);
    this.texts = this.ticks.map((tick, at) => [tick, texts[at] ?? ""]);
  }

  at(value: number): number {
    return this.from + ((this.scale(value) - this.low) / this.size) * (this.to - this.from);
  }

  private scale(value: number): number {
    return this.isLog ? Math.log10(value) : value;
  }
}
