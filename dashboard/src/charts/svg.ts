/** A chart as a drawing that papers can use: lines, axes and names as SVG text. */

import { number } from "../base/format";
import type { Line } from "./lines";
import type { Look } from "./look";

const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 16;
const TOP = 32;
const BOTTOM = 40;
const TICKS = 5;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!);
}

export function toSvg(title: string, lines: Line[], look: Look): string {
  const isIn = (x: number) => !look.zoom || (x >= look.zoom[0] && x <= look.zoom[1]);
  const isUsable = (x: number, y: number | null) =>
    y !== null && isIn(x) && (!look.isLogX || x > 0) && (!look.isLogY || y > 0);
  const points = lines.map(
    (line) => line.x.flatMap((x, at) => (isUsable(x, line.y[at]!) ? [[x, line.y[at]!]] : [])) as [number, number][],
  );
  const along = (place: 0 | 1, isLog: boolean, from: number, to: number) => {
    const own = (value: number) => (isLog ? Math.log10(value) : value);
    const values = points.flatMap((line) => line.map((point) => own(point[place])));
    const low = values.reduce((least, value) => Math.min(least, value), values[0] ?? 0);
    const high = values.reduce((most, value) => Math.max(most, value), values[0] ?? 1);
    const size = high - low || 1;
    const at = (value: number) => from + ((own(value) - low) / size) * (to - from);
    const ticks = Array.from({ length: TICKS }, (_, tick) => low + (size * tick) / (TICKS - 1));
    return { at, ticks: ticks.map((tick) => (isLog ? 10 ** tick : tick)) };
  };
  const x = along(0, look.isLogX, LEFT, WIDTH - RIGHT);
  const y = along(1, look.isLogY, HEIGHT - BOTTOM, TOP);
  const text = (at: [number, number], said: string, anchor: string) =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}">${escaped(said)}</text>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">`,
    text([LEFT, 18], title, "start"),
    ...x.ticks.map((tick) => text([x.at(tick), HEIGHT - BOTTOM + 18], number(tick, 4), "middle")),
    ...y.ticks.map((tick) => text([LEFT - 8, y.at(tick) + 4], number(tick, 4), "end")),
    ...y.ticks.map((tick) => `<path d="M${LEFT} ${y.at(tick).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>`),
    text([WIDTH - RIGHT, HEIGHT - 6], look.xAxis, "end"),
    ...points.map((line, at) => {
      const path = line.map((point) => `${x.at(point[0]).toFixed(1)} ${y.at(point[1]).toFixed(1)}`).join("L");
      const { color, label } = lines[at]!;
      return (
        path &&
        `<path d="M${path}" fill="none" stroke="${escaped(color)}" stroke-width="1.5"><title>${escaped(label)}</title></path>`
      );
    }),
    "</svg>",
  ];
  return parts.join("\n");
}
