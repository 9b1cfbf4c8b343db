/** A surface over two parameters, with a dot for each trial. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { scaleColor, useTheme } from "../base/theme";
import { useSize } from "../base/useSize";
import { type Dot as AnyDot, drawDots, nearestDot } from "../charts/dots";
import { placeOn, spreadOn, type Tick } from "../charts/placing";
import { Ticks } from "../charts/Ticks";
import { drawField } from "./drawField";
import { paramsOf } from "./params";
import { type Result, rowName, valueText } from "./pointRows";
import { hasObjective, type Parameter } from "./score";
import type { SweepView } from "./useSweepView";

/** Cells across and up. With few trials the grid is twice as fine. */
const COLUMNS = 140;
const ROWS = 70;
const FEW = 150;
/** The opacity of trials that are not chosen. */
const FADED = 0.12;

type Dot = AnyDot<Result>;

interface Props {
  view: SweepView;
  across: Parameter;
  up: Parameter;
}

export function Surface({ view, across, up }: Props) {
  const theme = useTheme();
  const field = useRef<HTMLCanvasElement>(null);
  const front = useRef<HTMLCanvasElement>(null);
  const size = useSize(front);
  const [pointed, setPointed] = useState<Dot | null>(null);
  const { dots, xs, ys } = useTrialDots({ view, across, up });
  const fine = dots.length < FEW ? 2 : 1;
  const [columns, rows] = [COLUMNS * fine, ROWS * fine];
  useEffect(() => {
    const stop = new AbortController();
    const values = dots.map(({ x, y, place }) => ({ x, y, value: place }));
    if (field.current) drawField(field.current, values, { columns, rows, theme }, stop.signal);
    return () => stop.abort();
  }, [dots, columns, rows, theme]);
  useEffect(() => {
    const isOut = ({ of: trial }: Dot) => view.chosen !== null && !view.chosen.has(trial.id);
    const colorOf = (dot: Dot) => scaleColor(dot.place, theme, isOut(dot) ? FADED : 1);
    if (front.current) drawDots(front.current, size, dots, { colorOf, pointed });
  }, [dots, view.chosen, theme, size, pointed]);
  function point(event: MouseEvent): void {
    const box = front.current?.getBoundingClientRect();
    if (box) setPointed(nearestDot(dots, size, event.clientX - box.left, event.clientY - box.top));
  }
  const name = `${view.sweep.metric ?? "objective"} of ${dots.length} trials by ${across.name} and ${up.name}`;
  return (
    <>
      <div class="contour-map">
        <Ticks ticks={ys} isUp />
        <div class="contour-field">
          {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas does not take the focus; the table has the values */}
          <canvas ref={field} width={columns} height={rows} aria-hidden="true" />
          <canvas
            ref={front}
            role="img"
            aria-label={name}
            class={`contour-dots${pointed ? " pointed" : ""}`}
            onMouseMove={point}
            onMouseLeave={() => setPointed(null)}
            onClick={() => pointed && view.select(pointed.of.id)}
          />
        </div>
        <Ticks ticks={xs} />
      </div>
      <p class="soft parallel-text">{pointed && `${rowName(pointed.of)}: ${valueText(pointed.of)}`}</p>
    </>
  );
}

/** Returns a dot for each trial that has a value on both axes, the best ones last so that they lie in front. */
function useTrialDots({ view, across, up }: Props): { dots: Dot[]; xs: Tick[]; ys: Tick[] } {
  const { results, places } = view;
  return useMemo(() => {
    const scored = results.filter(hasObjective);
    const on = (parameter: Parameter) =>
      placeOn(
        parameter,
        scored.map((trial) => paramsOf(trial)[parameter.name]),
      );
    const [xs, ys] = [on(across), on(up)];
    const dots = scored.flatMap((trial, at): Dot[] => {
      const [x = null, y = null] = [xs.places[at], ys.places[at]];
      if (x === null || y === null) return [];
      const [left, bottom] = [spreadOn(across, x, trial.number), spreadOn(up, y, trial.number)];
      return [{ x: left, y: bottom, place: places.get(trial.id) ?? 1, of: trial, bar: null }];
    });
    return { dots: dots.sort((a, b) => b.place - a.place), xs: xs.ticks, ys: ys.ticks };
  }, [results, places, across, up]);
}
