/** How all charts of a page are drawn, held in its address. */

import { useMemo } from "preact/hooks";
import { toggled, useListParam, useParam } from "../base/router";
import type { Look } from "./look";
import { parseZoom, zoomText } from "./metricKeys";

/** The switches of the toolbar, as the address names them. */
export type Flag = "logx" | "logy" | "env" | "out" | "wide" | "band";

export interface ChartView {
  /** The weight of the moving average, from 0 (none) to 1. */
  smoothing: number;
  setSmoothing: (text: string) => void;
  setXAxis: (axis: string) => void;
  look: Look;
  has: (flag: Flag) => boolean;
  flip: (flag: Flag) => void;
  setZoom: (zoom: [number, number] | null) => void;
}

export function useChartView(): ChartView {
  const [smoothing, setSmoothing] = useParam("smooth", "0");
  const [xAxis, setXAxis] = useParam("x", "step");
  const [flags, setFlags] = useListParam("look", ".", "env.out");
  const [zoom, setZoom] = useParam("zoom");
  const flagText = flags.join(".");
  const look = useMemo((): Look => {
    const has = (flag: Flag) => flagText.split(".").includes(flag);
    return {
      xAxis,
      isLogX: has("logx"),
      isLogY: has("logy"),
      hasEnvelope: has("env"),
      hasOutliers: has("out"),
      isWide: has("wide"),
      zoom: parseZoom(zoom),
    };
  }, [xAxis, flagText, zoom]);
  return {
    smoothing: Number(smoothing) || 0,
    setSmoothing,
    setXAxis: (axis) => {
      setZoom("");
      setXAxis(axis);
    },
    look,
    has: (flag) => flags.includes(flag),
    flip: (flag) => setFlags(toggled(flags, flag)),
    setZoom: (next) => setZoom(zoomText(next)),
  };
}
