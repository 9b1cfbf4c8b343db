/** Draws a `Plot` into an element: made once, resized with the element, updated while it is visible. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useLatest } from "../base/latest";
import { useTheme } from "../base/theme";
import { onCross } from "./crosshair";
import type { Line } from "./lines";
import type { Look } from "./look";
import { Plot } from "./plot";

/** A press that moves further than this is a drag, not a click. */
const CLICK_PX = 4;

interface Drawn {
  root: RefObject<HTMLDivElement | null>;
  readout: RefObject<HTMLDivElement | null>;
  lines: Line[];
  look: Look;
  height: number;
  isVisible: boolean;
  onZoom: (zoom: [number, number] | null) => void;
  onPick: ((line: string) => void) | undefined;
}

export function usePlot({
  root,
  readout,
  lines,
  look,
  height,
  isVisible,
  onZoom,
  onPick,
}: Drawn): RefObject<Plot | null> {
  const plot = useRef<Plot | null>(null);
  const theme = useTheme();
  const drawnTheme = useRef(theme);
  const latest = useLatest({ look, height, onZoom });

  useEffect(() => {
    if (!root.current || !readout.current) return;
    const made = new Plot(root.current, readout.current, latest.current.look, (zoom) => latest.current.onZoom(zoom));
    plot.current = made;
    const sizes = new ResizeObserver(([entry]) => {
      if (entry) made.resize(Math.floor(entry.contentRect.width), latest.current.height);
    });
    sizes.observe(root.current);
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, [root, readout]);

  useEffect(() => {
    if (!isVisible) return;
    plot.current?.update(lines, look, drawnTheme.current !== theme);
    drawnTheme.current = theme;
  }, [isVisible, lines, look, theme]);

  usePick(root, plot, onPick);
  return plot;
}

/** Calls `onPick` with the id of the line under the pointer when the chart is clicked. */
function usePick(root: RefObject<HTMLDivElement | null>, plot: RefObject<Plot | null>, onPick: Drawn["onPick"]): void {
  const latest = useLatest(onPick);
  useEffect(() => {
    const node = root.current;
    if (!node) return;
    let under = "";
    let from = 0;
    const end = onCross((cross) => {
      under = cross && cross.source === plot.current ? cross.line : "";
    });
    const press = (event: PointerEvent) => {
      from = event.clientX;
    };
    const click = (event: MouseEvent) => {
      if (under && Math.abs(event.clientX - from) < CLICK_PX) latest.current?.(under);
    };
    node.addEventListener("pointerdown", press, true);
    node.addEventListener("click", click);
    return () => {
      end();
      node.removeEventListener("pointerdown", press, true);
      node.removeEventListener("click", click);
    };
  }, [root, plot]);
}
