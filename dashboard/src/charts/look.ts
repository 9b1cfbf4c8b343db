/** How a chart looks: its axes, its lines, and the format of its values. */

import { duration, exact, number } from "../base/format";
import { momentText } from "./clockAxis";
import type { XAxis } from "./lines";

/** More lines than this are thin: easier to tell apart, and three times as fast without a GPU. */
export const MOST_WIDE_LINES = 24;

export interface Look {
  xAxis: XAxis;
  isLogX: boolean;
  isLogY: boolean;
  hasEnvelope: boolean;
  hasOutliers: boolean;
  /** Whether lines stay wide if there are many of them. */
  isWide?: boolean;
  /** The stretch of the x axis that is shown; null: all of it. */
  zoom: [number, number] | null;
  /** Formats the values of the y axis. */
  unit?: (value: number) => string;
  /** A fixed range of the y axis. */
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

/** Returns the text of a place on the x axis. */
export function xText(value: number, axis: XAxis): string {
  if (axis === "time") return momentText(value);
  if (axis === "relative") return duration(value);
  return `${xName(axis)} ${Number.isInteger(value) ? exact(value) : number(value, 6)}`;
}

/** Returns the name of an x axis. */
export function xName(axis: XAxis): string {
  if (axis === "relative") return "time since start";
  return axis === "time" ? "wall clock" : axis.replace(/^key:/, "");
}

/** Returns whether a value can be drawn on an axis. A logarithmic one shows only values above 0. */
export function isDrawn(value: number | null | undefined, isLog: boolean): value is number {
  return value !== null && value !== undefined && (!isLog || value > 0);
}
