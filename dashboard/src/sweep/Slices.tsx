/** A small scatter plot for each parameter: its value against the objective. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ModelPoint, SweepModel } from "../api/types";
import { exact } from "../base/format";
import { InTurn } from "../base/InTurn";
import { useSwitchParam } from "../base/router";
import { Toggle } from "../base/Toggle";
import { scaleColor, useTheme } from "../base/theme";
import { useSize } from "../base/useSize";
import { type BandPoint, bandOf, drawBand } from "../charts/band";
import { type Dot as AnyDot, drawDots, nearestDot } from "../charts/dots";
import { fittingTicks, placeOn, spreadOn, type Tick } from "../charts/placing";
import { Ticks } from "../charts/Ticks";
import { paramsOf } from "./params";
import { barOf, type Result, rowName, valueText } from "./pointRows";
import { hasObjective, type Parameter } from "./score";
import { clipped, useSweepModel } from "./useModel";
import type { SweepView } from "./useSweepView";
import "./Slices.css";

export function Slices({ view }: { view: SweepView }) {
  const { sweep, results, byImportance } = view;
  const [isModelled, setModelled] = useSwitchParam("model", false);
  const model = useSweepModel(sweep.id, isModelled, results.filter(hasObjective).length);
  const slices = new Map(model?.slices?.map((slice) => [slice.name, slice.points]));
  return (
    <>
      {(sweep.origins?.["model"] ?? 0) > 0 && (
        <div class="toolbar">
          <Toggle
            name="model"
            isOn={isModelled}
            onFlip={() => setModelled(!isModelled)}
            title="What the search's model expects along each parameter, through the best trial"
          />
          {model && <span class="soft">{modelNote(model)}</span>}
        </div>
      )}
      <div class="slices">
        {byImportance.map((parameter) => (
          <SliceInTurn
            key={parameter.name}
            parameter={parameter}
            view={view}
            expected={isModelled ? slices.get(parameter.name) : undefined}
          />
        ))}
      </div>
    </>
  );
}

function modelNote({ predicts, slices = [] }: SweepModel): string {
  if (!predicts) return "The model of this method predicts no values.";
  if (!slices.length) return "There are too few results for a model.";
  return "line: expected value through the best trial; band: one standard deviation to each side";
}

type Dot = AnyDot<Result>;

interface Props {
  view: SweepView;
  parameter: Parameter;
  /** What the model expects along the parameter; undefined: nothing is known or wanted. */
  expected: ModelPoint[] | undefined;
}

/** A slice that is drawn in a frame of its own: a sweep may have many. */
function SliceInTurn({ view, parameter, expected }: Props) {
  const given = useMemo(() => ({ view, parameter, expected }), [view, parameter, expected]);
  return <InTurn given={given} draw={(shown) => <Slice {...shown} />} />;
}

/** The opacity of trials that are not chosen, and of the others. */
const FADED = 0.1;
const CLEAR = 0.95;
/** The least room of the name of a choice. */
const CHOICE_PX = 26;

function Slice({ view, parameter, expected }: Props) {
  const { sweep, chosen, select } = view;
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const [pointed, setPointed] = useState<Dot | null>(null);
  const { dots, band, xs, ys } = useDots(view, parameter, expected);
  useEffect(() => {
    const isOut = ({ of: trial }: Dot) => chosen !== null && !chosen.has(trial.id);
    const colorOf = (dot: Dot) => scaleColor(dot.place, theme, isOut(dot) ? FADED : CLEAR);
    if (!canvas.current) return;
    drawDots(canvas.current, size, dots, { colorOf, pointed });
    drawBand(canvas.current, size, band);
  }, [dots, band, chosen, theme, size, pointed]);
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
          onClick={() => pointed && select(pointed.of.id)}
        />
        <Ticks ticks={parameter.choices.length ? fittingTicks(xs, size.width, CHOICE_PX) : xs} />
      </div>
    </figure>
  );
}

function dotText({ of: trial }: Dot, { name }: Parameter): string {
  return `${rowName(trial)}: ${valueText(trial)} at ${exact(paramsOf(trial)[name])}`;
}

interface Drawn {
  dots: Dot[];
  band: BandPoint[];
  xs: Tick[];
  ys: Tick[];
}

/** Returns the dots of a parameter, the best ones last so that they lie above the others. */
function useDots(view: SweepView, parameter: Parameter, expected: ModelPoint[] | undefined): Drawn {
  const { results, places, isLog } = view;
  return useMemo(() => {
    const scored = results.filter(hasObjective);
    const objectives = scored.map((trial) => trial.objective);
    const model = scored.length && expected ? clipped(expected, objectives) : [];
    const onX = placeOn(parameter, [
      ...scored.map((trial) => paramsOf(trial)[parameter.name]),
      ...model.map((point) => point.value),
    ]);
    const bars = scored.map(barOf);
    const ends = [0, 1].flatMap((end) => bars.map((bar) => bar?.[end] ?? null));
    const onY = placeOn({ isLog, choices: [] }, [
      ...objectives,
      ...ends,
      ...model.flatMap(({ expected: middle, low, high }) => [middle, low, high]),
    ]);
    const band = bandOf(onX.places.slice(scored.length), onY.places.slice(3 * scored.length));
    const dots = scored.flatMap((trial, at): Dot[] => {
      const [x = null, y = null] = [onX.places[at], onY.places[at]];
      if (x === null || y === null) return [];
      const [low = null, high = null] = [1, 2].map((end) => onY.places[end * scored.length + at]);
      const bar: Dot["bar"] = low === null || high === null ? null : [low, high];
      return [{ x: spreadOn(parameter, x, trial.number), y, place: places.get(trial.id) ?? 1, of: trial, bar }];
    });
    return { dots: dots.sort((a, b) => b.place - a.place), band, xs: onX.ticks, ys: onY.ticks };
  }, [results, places, parameter, isLog, expected]);
}
