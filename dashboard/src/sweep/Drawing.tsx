/** An element for ECharts: loads ECharts, follows the element's size, and disposes of the chart. */

import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLatest } from "../base/latest";
import "./Drawing.css";

interface Props {
  label: string;
  height: number;
  option: EChartsCoreOption;
  onReady?: (chart: ECharts) => void;
}

export function Drawing({ label, height, option, onReady }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);
  const latest = useLatest(onReady);
  useEffect(() => {
    let made: ECharts | null = null;
    let isOver = false;
    const sizes = new ResizeObserver(() => made?.resize());
    void import("./echarts").then(({ init }) => {
      if (isOver || !root.current) return;
      made = init(root.current);
      sizes.observe(root.current);
      latest.current?.(made);
      setChart(made);
    });
    return () => {
      isOver = true;
      sizes.disconnect();
      made?.dispose();
    };
  }, []);
  useEffect(() => chart?.setOption(option, { notMerge: false, lazyUpdate: true }), [chart, option]);
  return <div class="drawing" ref={root} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
