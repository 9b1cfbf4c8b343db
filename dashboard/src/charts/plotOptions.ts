/** The options of uPlot for a chart: its scales, axes, lines and data. */

import uPlot from "uplot";
import { duration, number, ROUND_SECONDS } from "../base/format";
import { cssColor } from "../base/theme";
import { logTicks } from "../base/ticks";
import type { Line } from "./lines";
import { clockText, isDrawn, type Look, MOST_WIDE_LINES } from "./look";
import { xRange, yRange } from "./ranges";

const FONT = "11px system-ui, sans-serif";
const LINE_PX = 1.5;
/** The opacity of the other lines while one is highlighted. */
const FADED = 0.15;
const MOST_X_TICKS = 8;
const MOST_Y_TICKS = 6;
const TIME_STEPS = [
  ...[1, 2, 5].flatMap((count) => [count / 1000, count / 100, count / 10]).sort((a, b) => a - b),
  ...ROUND_SECONDS,
];

/** Returns what the chart shows at the moment: uPlot asks for ranges whenever it draws. */
type Shown = () => { lines: Line[]; look: Look };

/** Returns uPlot's options, without size and hooks. */
export function plotOptions(shown: Shown): Omit<uPlot.Options, "width" | "height"> {
  const { lines, look } = shown();
  return {
    mode: 2,
    legend: { show: false },
    padding: [8, isTime(look) ? 22 : 10, 0, 0], // room for the text of the last tick
    focus: { alpha: FADED },
    cursor: {
      x: false,
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      dataIdx: () => 0,
    },
    scales: {
      x: { time: false, distr: look.isLogX ? 3 : 1, range: () => xRange(shown().lines, shown().look) },
      y: { distr: look.isLogY ? 3 : 1, range: () => yRange(shown().lines, shown().look) },
    },
    axes: axes(look),
    series: [{}, ...lines.map((line) => series(line, lines, look))],
  };
}

/** Returns the lines' points as uPlot takes them. */
export function plotData(lines: Line[], look: Look): uPlot.AlignedData {
  const usable = (values: (number | null)[], isLog: boolean) =>
    isLog ? values.map((value) => (isDrawn(value, isLog) ? value : null)) : values;
  const facets = lines.map((line) => [usable(line.x, look.isLogX), usable(line.y, look.isLogY)]);
  return [null, ...facets] as unknown as uPlot.AlignedData; // uPlot's types do not describe its second mode
}

/** Returns a line's width in pixels. Many lines are thin unless the look keeps them wide. */
export function lineWidth(line: Line, lines: Line[], look: Look): number {
  if (line.dots) return 0;
  return line.width ?? (lines.length > MOST_WIDE_LINES && !look.isWide ? 1 : LINE_PX);
}

function isTime(look: Look): boolean {
  return look.xAxis === "time" || look.xAxis === "relative";
}

function series(line: Line, lines: Line[], look: Look): uPlot.Series {
  return {
    facets: [
      { scale: "x", auto: true, sorted: 1 },
      { scale: "y", auto: true },
    ],
    ...(uPlot.paths.linear ? { paths: uPlot.paths.linear() } : {}),
    stroke: () => line.color,
    width: lineWidth(line, lines, look),
    ...(line.dash ? { dash: line.dash } : {}),
    points: { show: line.x.length === 1, size: 6 },
  };
}

function axes(look: Look): uPlot.Axis[] {
  const grid = { stroke: cssColor("grid"), width: 1 };
  const axis = { stroke: cssColor("ink-soft"), font: FONT, grid, ticks: { show: false } };
  return [
    {
      ...axis,
      size: 26,
      space: 70,
      values: (_plot, splits) => splits.map((value) => (value === null ? "" : xTick(value, splits, look))),
      ...(isTime(look) ? { incrs: TIME_STEPS } : {}),
      ...logAxis(look.isLogX, MOST_X_TICKS),
    },
    {
      ...axis,
      size: (_plot, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((text) => text.length)),
      values: (_plot, splits) => splits.map((value) => (value === null ? "" : (look.unit ?? number)(value))),
      space: 34,
      ...logAxis(look.isLogY, MOST_Y_TICKS),
    },
  ];
}

function xTick(value: number, splits: number[], look: Look): string {
  if (look.xAxis === "time") return clockText(value, splits);
  return look.xAxis === "relative" ? duration(value) : number(value, 5);
}

/** Returns the ticks of a logarithmic axis. uPlot's own need a range that ends at round numbers. */
function logAxis(isLog: boolean, most: number): Partial<uPlot.Axis> {
  if (!isLog) return {};
  return { splits: (_plot, _axis, low, high) => logTicks(low, high, most), filter: (_plot, splits) => splits };
}
