/** Several metrics: the trials that no other one beats in all of them, and how that front has grown. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../base/format";
import { useParam } from "../base/router";
import { Section } from "../base/Section";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { useSize } from "../base/useSize";
import { Chart } from "../charts/Chart";
import { type Dot as AnyDot, drawDots, nearestDot } from "../charts/dots";
import { DEFAULT_LOOK } from "../charts/look";
import { placeOn } from "../charts/placing";
import { Ticks } from "../charts/Ticks";
import { hypervolumes, type Objective, objectives, paretoFront, scoresOf } from "./objectives";
import { type Result, rowName } from "./pointRows";
import type { SweepView } from "./useSweepView";

type Dot = AnyDot<Result>;

/** With more metrics, nearly every trial is on the front, and its volume is not computed. */
const MOST_IN_FRONT = 3;
const OTHERS = 0.25;

export function Pareto({ view }: { view: SweepView }) {
  const metrics = useMemo(() => objectives(view.sweep), [view.sweep]);
  const used = useMemo(() => metrics.slice(0, MOST_IN_FRONT), [metrics]);
  const [first, second] = used;
  const [xName, setX] = useParam("front_x", first?.name ?? "");
  const [yName, setY] = useParam("front_y", second?.name ?? "");
  const scores = useMemo(() => scoresOf(view.shown, used), [view.shown, used]);
  const front = useMemo(() => new Set(paretoFront(scores).map(({ trial }) => trial.id)), [scores]);
  const growth = useMemo(() => hypervolumes(scores), [scores]);
  if (!first || !second) return null;
  const choose = (label: string, value: string, set: (name: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {metrics.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <Section
      title="Pareto front"
      note={`${front.size} of ${scores.length} trials are beaten by no other one in ${used.map(({ name }) => name).join(", ")}`}
      aside={
        <>
          {choose("up", yName, setY)}
          {choose("across", xName, setX)}
        </>
      }
    >
      <div class="two">
        <FrontPlot view={view} front={front} x={xName} y={yName} />
        <Growth growth={growth} created={view.sweep.created} metrics={used} />
      </div>
    </Section>
  );
}

function Growth({
  growth,
  created,
  metrics,
}: {
  growth: ReturnType<typeof hypervolumes>;
  created: number;
  metrics: Objective[];
}) {
  const lines = useMemo(() => {
    const y = growth.map(({ value }) => value);
    const name = { id: "hypervolume", label: "hypervolume", color: cssColor("accent") };
    return [{ ...name, x: growth.map(({ time }) => time - created), y, low: y, high: y, raw: null, broken: [] }];
  }, [growth, created]);
  const look = useMemo(() => ({ ...DEFAULT_LOOK, xAxis: "relative", hasEnvelope: false }), []);
  const note = `of ${metrics.map(({ name }) => name).join(", ")}, within the worst values`;
  return <Chart title="Hypervolume" note={note} lines={lines} look={look} height={260} />;
}

interface FrontProps {
  view: SweepView;
  front: Set<string>;
  x: string;
  y: string;
}

function FrontPlot({ view, front, x, y }: FrontProps) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const [pointed, setPointed] = useState<Dot | null>(null);
  const { dots, xs, ys } = useMemo(() => {
    const on = (name: string) =>
      placeOn(
        { isLog: false, choices: [] },
        view.shown.map((trial) => trial.values[name]),
      );
    const [across, up] = [on(x), on(y)];
    const all = view.shown.flatMap((trial, at): Dot[] => {
      const [left = null, bottom = null] = [across.places[at], up.places[at]];
      return left === null || bottom === null
        ? []
        : [{ x: left, y: bottom, place: front.has(trial.id) ? 0 : 1, of: trial, bar: null }];
    });
    return { dots: all.sort((a, b) => b.place - a.place), xs: across.ticks, ys: up.ticks };
  }, [view.shown, front, x, y]);
  useEffect(() => {
    const colorOf = ({ place }: Dot) => scaleColor(place, theme, place ? OTHERS : 1);
    if (canvas.current) drawDots(canvas.current, size, dots, { colorOf, pointed });
  }, [dots, size, theme, pointed]);
  function point(event: MouseEvent): void {
    const box = canvas.current?.getBoundingClientRect();
    if (box) setPointed(nearestDot(dots, size, event.clientX - box.left, event.clientY - box.top));
  }
  const text =
    pointed &&
    `${rowName(pointed.of)}: ${[x, y].map((name) => `${name} ${number(pointed.of.values[name])}`).join(", ")}`;
  return (
    <figure class="slice">
      <figcaption>{text ?? `${y} by ${x}; bright: the front`}</figcaption>
      <div class="contour-map">
        <Ticks ticks={ys} isUp />
        <canvas
          ref={canvas}
          class={`front-plot${pointed ? " pointed" : ""}`}
          role="img"
          aria-label={`${y} by ${x} of ${dots.length} trials, ${front.size} of them on the Pareto front`}
          onMouseMove={point}
          onMouseLeave={() => setPointed(null)}
          onClick={() => pointed && view.select(pointed.of.id)}
        />
        <Ticks ticks={xs} />
      </div>
    </figure>
  );
}
