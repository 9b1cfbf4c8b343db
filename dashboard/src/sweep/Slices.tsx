/** A small scatter plot for each parameter: its value against the objective. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { exact, flat } from "../base/format";
import { scaleColor, useTheme } from "../base/theme";
import { barOf, rowName, valueText } from "./pointRows";
import { hasObjective, type Parameter } from "./score";
import { type Dot, drawDots, nearestDot, type Size } from "./sliceDots";
import { placeOn, spreadOn, type Tick } from "./surface";
import { Ticks } from "./Ticks";
import type { SweepView } from "./useSweepView";
import "./Slices.css";

export function Slices({ view }: { view: SweepView }) {
  return (
    <div class="slices">
      {view.byImportance.map((parameter) => (
        <Slice key={parameter.name} parameter={parameter} view={view} />
      ))}
    </div>
  );
}

/** The opacity of trials that are not chosen, and of the others. */
const FADED = 0.1;
const CLEAR = 0.95;

function Slice({ view, parameter }: { view: SweepView; parameter: Parameter }) {
  const { sweep, chosen, select } = view;
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const [pointed, setPointed] = useState<Dot | null>(null);
  const { dots, xs, ys } = useDots(view, parameter);
  useEffect(() => {
    const isOut = ({ trial }: Dot) => chosen !== null && !chosen.has(trial.id);
    const colorOf = (dot: Dot) => scaleColor(dot.place, theme, isOut(dot) ? FADED : CLEAR);
    if (canvas.current) drawDots(canvas.current, size, dots, { colorOf, pointed });
  }, [dots, chosen, theme, size, pointed]);
  function point(event: MouseEvent): void {
    if (!canvas.current) return;
    const { left, top } = canvas.current.getBoundingClientRect();
    setPointed(nearestDot(dots, size, event.clientX - left, event.clientY - top));
  }
  return (
    <figure class="slice">
      <figcaption title={parameter.name}>{pointed ? dotText(pointed, parameter) : parameter.name}</figcaption>
      <div class="contour-map">
        <Ticks ticks={ys} isUp />
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${sweep.metric ?? "objective"} of ${dots.length} trials by ${parameter.name}`}
          class={pointed ? "pointed" : ""}
          onMouseMove={point}
          onMouseLeave={() => setPointed(null)}
          onClick={() => pointed && select(pointed.trial.id)}
        />
        <Ticks ticks={xs} />
      </div>
    </figure>
  );
}

function dotText({ trial }: Dot, { name }: Parameter): string {
  return `${rowName(trial)}: ${valueText(trial)} at ${exact(flat(trial.params)[name])}`;
}

/** Returns the dots of a parameter, the best ones last so that they lie above the others. */
function useDots(view: SweepView, parameter: Parameter): { dots: Dot[]; xs: Tick[]; ys: Tick[] } {
  const { results, places, isLog } = view;
  return useMemo(() => {
    const scored = results.filter(hasObjective);
    const onX = placeOn(
      parameter,
      scored.map((trial) => flat(trial.params)[parameter.name]),
    );
    const bars = scored.map(barOf);
    const ends = [0, 1].flatMap((end) => bars.map((bar) => bar?.[end] ?? null));
    const onY = placeOn({ isLog, choices: [] }, [...scored.map((trial) => trial.objective), ...ends]);
    const dots = scored.flatMap((trial, at): Dot[] => {
      const [x = null, y = null] = [onX.places[at], onY.places[at]];
      if (x === null || y === null) return [];
      const [low = null, high = null] = [1, 2].map((end) => onY.places[end * scored.length + at]);
      const bar: Dot["bar"] = low === null || high === null ? null : [low, high];
      return [{ x: spreadOn(parameter, x, trial.number), y, place: places.get(trial.id) ?? 1, trial, bar }];
    });
    return { dots: dots.sort((a, b) => b.place - a.place), xs: onX.ticks, ys: onY.ticks };
  }, [results, places, parameter, isLog]);
}

function useSize(canvas: { current: HTMLCanvasElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    if (!canvas.current) return;
    const sizes = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    sizes.observe(canvas.current);
    return () => sizes.disconnect();
  }, [canvas]);
  return size;
}
