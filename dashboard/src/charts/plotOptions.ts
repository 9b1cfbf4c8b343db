/** The options of uPlot for a chart: its scales, axes, lines and data. */

import uPlot from "uplot";
import { duration, number, ROUND_SECONDS } from "../base/format";
import { cssColor } from "../base/theme";
import { logTicks } from "../base/ticks";
import { distinctTexts, tickTexts } from "../base/tickTexts";
import { clockTexts, clockTicks, clockTitle } from "./clockAxis";
import type { Line } from "./lines";
import { isDrawn, type Look, MOST_WIDE_LINES, xName } from "./look";
import { xRange, yRange } from "./ranges";

const FONT = "11px system-ui, sans-serif";
const LINE_PX = 1.5;
/** The opacity of the other lines while one is highlighted. */
const FADED = 0.15;
const CHARACTER_PX = 6.4;
const LEAST_ROOM_PX = 10;
const MOST_X_TICKS = 8;
const MOST_Y_TICKS = 6;
const TIME_STEPS = [
  ...[1, 2, 5].flatMap((count) => [count / 1000, count / 100, count / 10]).sort((a, b) => a - b),
  ...ROUND_SECONDS,
];

/** Steps are whole numbers, so the distance of their ticks is one too. */
const WHOLE_STEPS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((count) => count * 10 ** power)).flat();

/** Returns what the chart shows at the moment: uPlot asks for ranges whenever it draws. */
type Shown = () => { lines: Line[]; look: Look };

/** Returns uPlot's options, without size and hooks. */
export function plotOptions(shown: Shown): Omit<uPlot.Options, "width" | "height"> {
  const { lines, look } = shown();
  let lastText = "";
  const keepLast = (texts: string[]) => {
    lastText = texts.at(-1) ?? "";
    return texts;
  };
  return {
    mode: 2,
    pxAlign: 0, // whole pixels would draw a straight line as steps
    legend: { show: false },
    padding: [8, () => Math.max(LEAST_ROOM_PX, Math.ceil(4 + (lastText.length * CHARACTER_PX) / 2)), 0, 0],
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
    axes: [xAxis(look, keepLast), yAxis(look)],
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
    points: { show: false },
  };
}

function axisLook(): uPlot.Axis {
  const grid = { stroke: cssColor("grid"), width: 1 };
  return { stroke: cssColor("ink-soft"), font: FONT, grid, ticks: { show: false } };
}

/** `keepLast`: takes the texts of the ticks, so that the chart leaves room for half of the last one. */
function xAxis(look: Look, keepLast: (texts: string[]) => string[]): uPlot.Axis {
  const isClock = look.xAxis === "time";
  const clockSplits: uPlot.Axis.Splits = (_plot, _axis, low, high, step) => clockTicks(low, high, step);
  return {
    ...axisLook(),
    size: 22,
    space: 70,
    label: ({ scales: { x } }) => (isClock && x ? clockTitle(x.min ?? 0, x.max ?? 0) : xName(look.xAxis)),
    labelSize: 15,
    labelFont: FONT,
    labelGap: 0,
    values: (_plot, splits) => keepLast(textsOf(splits, (ticks) => xTicks(ticks, look))),
    ...(isTime(look) ? { incrs: TIME_STEPS } : look.xAxis === "step" ? { incrs: WHOLE_STEPS } : {}),
    ...(isClock ? { splits: clockSplits } : {}),
    ...logAxis(look.isLogX, MOST_X_TICKS),
  };
}

function yAxis(look: Look): uPlot.Axis {
  const { unit } = look;
  const texts = (ticks: number[]) =>
    unit || look.isLogY ? distinctTexts(ticks, unit ?? ((value) => number(value))) : tickTexts(ticks);
  return {
    ...axisLook(),
    size: (_plot, values) => 14 + CHARACTER_PX * Math.max(3, ...(values ?? []).map((text) => text.length)),
    values: (_plot, splits) => textsOf(splits, texts),
    space: 34,
    ...logAxis(look.isLogY, MOST_Y_TICKS),
  };
}

function xTicks(ticks: number[], look: Look): string[] {
  if (look.xAxis === "time") return clockTexts(ticks);
  if (look.xAxis === "relative") return distinctTexts(ticks, duration);
  return look.isLogX ? distinctTexts(ticks, (value) => number(value)) : tickTexts(ticks);
}

/** Returns the texts of the ticks that have one: a null among them stands for a tick without text. */
function textsOf(splits: (number | null)[], make: (ticks: number[]) => string[]): string[] {
  const texts = make(splits.filter((split) => split !== null));
  let at = 0;
  return splits.map((split) => (split === null ? "" : (texts[at++] ?? "")));
}

/** Returns the ticks of a logarithmic axis. uPlot's own need a range that ends at round numbers. */
function logAxis(isLog: boolean, most: number): Partial<uPlot.Axis> {
  if (!isLog) return {};
  return { splits: (_plot, _axis, low, high) => logTicks(low, high, most), filter: (_plot, splits) => splits };
}
