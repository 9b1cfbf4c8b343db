/** One small scatter a parameter: its value against the objective; and how much each goes along with it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Sweep, Trial } from "../api/types";
import { flat, number, value } from "../base/format";
import { scaleColor, useTheme } from "../base/theme";
import { importance, type Parameter, sign } from "./score";
import { placeOn, spreadOn } from "./surface";
import { Ticks } from "./Ticks";

interface Props {
  sweep: Sweep;
  trials: Trial[];
  places: Map<string, number>;
  parameters: Parameter[];
  chosen: Set<string> | null;
  isLog: boolean;
  onSelect: (trial: string) => void;
}

export function Slices({ parameters, ...others }: Props) {
  return (
    <div class="slices">
      {parameters.map((parameter) => (
        <Slice key={parameter.name} parameter={parameter} {...others} />
      ))}
    </div>
  );
}

interface Dot {
  x: number;
  y: number;
  place: number;
  trial: Trial;
}

const RADIUS_PX = 3.5;
const REACH_PX = 12;
const OUT = 0.1;

function Slice({
  sweep,
  trials,
  places,
  parameter,
  chosen,
  isLog,
  onSelect,
}: Omit<Props, "parameters"> & { parameter: Parameter }) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [near, setNear] = useState<Dot | null>(null);
  const { dots, xs, ys } = useMemo(() => {
    const scored = trials.filter((trial) => trial.objective !== null);
    const onX = placeOn(
      parameter,
      scored.map((trial) => flat(trial.params)[parameter.name]),
    );
    const onY = placeOn(
      { isLog, choices: [] },
      scored.map((trial) => trial.objective),
    );
    const made = scored.flatMap((trial, at): Dot[] => {
      const [x, y] = [onX.places[at], onY.places[at]];
      return x == null || y == null
        ? []
        : [{ x: spreadOn(parameter, x, trial.number), y, place: places.get(trial.id) ?? 1, trial }];
    });
    return { dots: made.sort((a, b) => b.place - a.place), xs: onX.ticks, ys: onY.ticks };
  }, [trials, places, parameter, isLog]);

  useEffect(() => {
    const sizes = new ResizeObserver(
      ([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }),
    );
    sizes.observe(canvas.current!);
    return () => sizes.disconnect();
  }, []);

  useEffect(() => {
    const node = canvas.current!;
    const ratio = devicePixelRatio;
    [node.width, node.height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    const paper = node.getContext("2d");
    if (!paper) return;
    paper.scale(ratio, ratio);
    for (const dot of dots) {
      const isOut = chosen !== null && !chosen.has(dot.trial.id);
      paper.beginPath();
      paper.fillStyle = scaleColor(dot.place, theme, isOut ? OUT : 0.95);
      paper.arc(
        dot.x * size.width,
        (1 - dot.y) * size.height,
        dot === near ? RADIUS_PX + 2 : RADIUS_PX,
        0,
        2 * Math.PI,
      );
      paper.fill();
    }
  }, [dots, chosen, theme, size, near]);

  function point(event: MouseEvent): void {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const far = (dot: Dot) =>
      Math.hypot(dot.x * size.width - (event.clientX - left), (1 - dot.y) * size.height - (event.clientY - top));
    const first = dots.reduce<Dot | null>(
      (found, dot) => (found === null || far(dot) <= far(found) ? dot : found),
      null,
    );
    setNear(first && far(first) < REACH_PX ? first : null);
  }

  const said =
    near &&
    `trial ${near.trial.number}: ${number(near.trial.objective)} at ${value(flat(near.trial.params)[parameter.name])}`;
  return (
    <figure class="slice">
      <figcaption title={parameter.name}>{said ?? parameter.name}</figcaption>
      <div class="contour-map">
        <Ticks ticks={ys} isUp />
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${sweep.metric ?? "objective"} of ${dots.length} trials by ${parameter.name}`}
          class={near ? "pointed" : ""}
          onMouseMove={point}
          onMouseLeave={() => setNear(null)}
          onClick={() => near && onSelect(near.trial.id)}
        />
        <Ticks ticks={xs} />
      </div>
    </figure>
  );
}

export function ImportanceBars({ sweep, trials, parameters }: Pick<Props, "sweep" | "trials" | "parameters">) {
  const rows = useMemo(() => importance(trials, parameters, sign(sweep)), [trials, parameters, sweep.goal]);
  const words = (direction: number) => (direction > 0 ? "higher is better" : direction < 0 ? "lower is better" : "");
  return (
    <div class="importance">
      {rows.map((row) => (
        <div key={row.name} class="importance-row">
          <span class="mono">{row.name}</span>
          <span class="soft">{row.share >= 0.04 ? words(row.direction) : ""}</span>
          <b>{Math.round(row.share * 100)} %</b>
          <div class="bar" role="img" aria-label={`${Math.round(row.share * 100)} %`}>
            <i style={{ width: `${Math.max(0.5, row.share * 100)}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}
