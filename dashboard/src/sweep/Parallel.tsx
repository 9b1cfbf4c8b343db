/** Parallel coordinates: a line for each trial, an axis for each parameter. Dragging along an axis chooses trials. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { exact } from "../base/format";
import { Scroll } from "../base/Scroll";
import { scaleColor, type Theme, useTheme } from "../base/theme";
import { useSize } from "../base/useSize";
import { heightIn } from "../charts/Chart";
import { HiddenAxes } from "./HiddenAxes";
import { ParallelAxisPart } from "./ParallelAxisPart";
import { type Brushes, brushedTrials, OBJECTIVE, parallelAxes } from "./parallelAxes";
import { drawParallel, type Frame, nearestLine, type ParallelLine } from "./parallelLines";
import { paramsOf } from "./params";
import { type Result, rowName, valueText } from "./pointRows";
import { hasObjective, isTop } from "./score";
import { useAxisChoices } from "./useAxisChoices";
import type { SweepView } from "./useSweepView";
import "./Parallel.css";

/** The least room of an axis. With less, names and values overlap. */
const AXIS_PX = 76;
const ROOM = { top: 50, bottom: 24, side: 62 };
const FADED = 0.03;
const TOP_WIDTH = 2.2;
/** With this many lines the others are drawn as strong as the best ones. */
const FEW = 40;
const LEAST_STRENGTH = 0.08;

export function Parallel({ view }: { view: SweepView }) {
  const { sweep, results, parameters } = view;
  const lines = useRef<HTMLCanvasElement>(null);
  const front = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(lines);
  const [pointed, setPointed] = useState<number | null>(null);
  const choices = useAxisChoices(parameters);
  const scored = useMemo(() => results.filter(hasObjective), [results]);
  const { metric, goal } = sweep;
  const axes = useMemo(
    () => parallelAxes({ metric, goal }, scored, parameters, choices.value),
    [metric, goal, scored, parameters, choices.value],
  );
  const frame: Frame = useMemo(() => ({ ...ROOM, width, height: heightIn(340) }), [width]);
  const [brushes, setBrushes] = useBrushes(view, scored, axes);
  const drawn = useLines(view, scored);
  useEffect(() => {
    const stop = new AbortController();
    if (lines.current) drawParallel(lines.current, frame, axes, drawn, stop.signal);
    return () => stop.abort();
  }, [frame, axes, drawn]);
  useEffect(() => {
    const line = drawn.find(({ at }) => at === pointed);
    const shown = line ? [{ ...line, width: TOP_WIDTH + 1, color: line.color.replace(/[\d.]+\)$/, "1)") }] : [];
    if (front.current) drawParallel(front.current, frame, axes, shown, new AbortController().signal);
  }, [frame, axes, drawn, pointed]);
  function point(event: MouseEvent): void {
    const box = lines.current?.getBoundingClientRect();
    if (!box) return;
    const trials = drawn.map(({ at }) => at);
    setPointed(nearestLine(frame, axes, trials, { x: event.clientX - box.left, y: event.clientY - box.top }));
  }
  const trial = pointed === null ? undefined : scored[pointed];
  return (
    <>
      <HiddenAxes choices={choices} />
      <Scroll label="Parallel coordinates">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the table of trials selects them with the keyboard */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
        <div
          class={`parallel${trial ? " pointed" : ""}`}
          style={{ minWidth: `${AXIS_PX * axes.length}px`, height: `${frame.height}px` }}
          onMouseMove={point}
          onMouseLeave={() => setPointed(null)}
          onClick={(event) => trial && !(event.target as Element).closest(".parallel-axis") && view.select(trial.id)}
        >
          <canvas
            ref={lines}
            role="img"
            aria-label={`Parallel coordinates of ${scored.length} trials; drag along an axis to choose some`}
          />
          {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas does not take the focus */}
          <canvas ref={front} aria-hidden="true" />
          {axes.map((axis, at) => (
            <ParallelAxisPart
              key={axis.id}
              {...{ axis, at, frame, choices }}
              count={axes.length}
              intervals={brushes.get(axis.id) ?? []}
              onBrush={(intervals) => setBrushes(new Map(brushes).set(axis.id, intervals))}
            />
          ))}
        </div>
      </Scroll>
      <p class="soft parallel-text">{trial && trialText(trial, axes)}</p>
    </>
  );
}

/** Returns the lines, the best ones last so that they lie in front. */
function useLines({ places, chosen }: SweepView, scored: Result[]): ParallelLine[] {
  const theme = useTheme();
  return useMemo(() => {
    const isOut = (trial: Result) => chosen !== null && !chosen.has(trial.id);
    const count = chosen?.size ?? scored.length;
    return scored
      .map((trial, at) => ({ at, place: places.get(trial.id) ?? 1, isOut: isOut(trial) }))
      .sort((a, b) => Number(b.isOut) - Number(a.isOut) || b.place - a.place)
      .map(({ at, place, isOut }) => ({ at, ...lookOf(place, isOut, count, theme) }));
  }, [places, chosen, scored, theme]);
}

function lookOf(place: number, isOut: boolean, count: number, theme: Theme): Omit<ParallelLine, "at"> {
  const isBest = !isOut && isTop(place, count);
  const strength = Math.min(0.75, Math.max(LEAST_STRENGTH, FEW / count)) * (1 - 0.5 * place);
  const alpha = isOut ? FADED : isBest ? 0.95 : strength;
  return { color: scaleColor(place, theme, alpha), width: isBest ? TOP_WIDTH : 1 };
}

/** Returns what is chosen on the axes. It ends when the choice is cleared elsewhere on the page. */
function useBrushes({ brushed, setBrushed }: SweepView, scored: Result[], axes: ReturnType<typeof parallelAxes>) {
  const [brushes, setBrushes] = useState<Brushes>(new Map());
  const wasBrushed = useRef(false);
  useEffect(() => {
    if (wasBrushed.current && !brushed) setBrushes(new Map());
    wasBrushed.current = brushed !== null;
  }, [brushed]);
  function set(next: Brushes): void {
    setBrushes(next);
    const indices = brushedTrials(axes, next);
    setBrushed(indices && new Set([...indices].flatMap((at) => scored[at]?.id ?? [])));
  }
  return [brushes, set] as const;
}

function trialText(trial: Result, axes: { id: string; title: string }[]): string {
  const params = paramsOf(trial);
  const given = axes.filter(({ id }) => id !== OBJECTIVE).map(({ id, title }) => `${title} ${exact(params[id])}`);
  return [`${rowName(trial)}: ${valueText(trial)}`, ...given].join(" · ");
}
