/** How a chart looks: its axes, its lines, what is drawn besides them, and how its values are told. */

import { duration, number } from "../base/format";
import type { XAxis } from "./lines";

/** Beyond so many lines they are hairlines: easier to tell apart, and where no GPU draws, three times as quick. */
export const MOST_WIDE_LINES = 24;

export interface Look {
  xAxis: XAxis;
  isLogX: boolean;
  isLogY: boolean;
  hasEnvelope: boolean;
  hasOutliers: boolean;
  /** Whether lines stay wide where there are many of them. */
  isWide?: boolean;
  /** The stretch of x that is shown; null: all. */
  zoom: [number, number] | null;
  /** Formats values of the y axis. */
  unit?: (value: number) => string;
  /** The y axis's fixed range. */
  yRange?: [number, number];
}

export const DEFAULT_LOOK: Look = {
  xAxis: "step",
  isLogX: false,
  isLogY: false,
  hasEnvelope: true,
  hasOutliers: true,
  zoom: null,
};

/** Returns a place on the x axis in words. */
export function xText(value: number, axis: XAxis): string {
  if (axis === "time") return new Date(value * 1000).toLocaleTimeString();
  if (axis === "relative") return duration(value);
  return `${axis.replace(/^key:/, "")} ${number(value, 6)}`;
}

/** Returns a time of day, with seconds if the ticks are closer than a minute. */
export function clockText(value: number, [first, second]: number[]): string {
  const isClose = first !== undefined && second !== undefined && second - first < 60;
  return new Date(value * 1000).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(isClose ? { second: "2-digit" } : {}),
  });
}

/** Returns whether a value can be drawn on an axis. A logarithmic one shows only values above 0. */
export function isDrawn(value: number | null | undefined, isLog: boolean): value is number {
  return value !== null && value !== undefined && (!isLog || value > 0);
}
