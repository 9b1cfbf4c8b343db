/** Two parameters against the objective: a dot for each trial, and between them the mean of near trials. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { flat } from "../base/format";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import { type Result, rowName, valueText } from "./pointRows";
import { hasObjective, type Parameter } from "./score";
import { type Dot, field, placeOn, spreadOn, type Tick } from "./surface";
import { Ticks } from "./Ticks";
import type { SweepView } from "./useSweepView";
import "./Contour.css";

/** Cells across and up. With few trials the grid is twice as fine. */
const COLUMNS = 140;
const ROWS = 70;
const FEW = 150;
/** The opacity of cells far from any trial, and of those near one. */
const FAINT = 0.2;
const STRONG = 0.75;

export function Contour({ view }: { view: SweepView }) {
  const [names, setNames] = useState<[string, string]>(["", ""]);
  const [across, up] = axesOf(view.byImportance, names);
  if (!across || !up) return null;
  const choose = (label: string, value: string, set: (name: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {view.byImportance.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="contour">
      <div class="toolbar">
        {choose("up", up.name, (name) => setNames([name === across.name ? up.name : across.name, name]))}
        {choose("across", across.name, (name) => setNames([name, name === up.name ? across.name : up.name]))}
      </div>
      <Surface view={view} across={across} up={up} />
    </div>
  );
}

/** Returns the chosen axes, else the most important ones: numbers before choices, over which a surface says less. */
function axesOf(parameters: Parameter[], names: [string, string]): [Parameter | undefined, Parameter | undefined] {
  const isChoice = (one: Parameter) => one.choices.length > 0;
  const wanted = [...parameters.filter((one) => !isChoice(one)), ...parameters.filter(isChoice)];
  const across = wanted.find((one) => one.name === names[0]) ?? wanted[0];
  const others = wanted.filter((one) => one !== across);
  return [across, others.find((one) => one.name === names[1]) ?? others[0]];
}

interface Axes {
  view: SweepView;
  across: Parameter;
  up: Parameter;
}

type TrialDot = Dot & { trial: Result };

function Surface({ view, across, up }: Axes) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { dots, xs, ys } = useTrialDots({ view, across, up });
  const fine = dots.length < FEW ? 2 : 1;
  const [columns, rows] = [COLUMNS * fine, ROWS * fine];
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, columns, rows);
    for (const cell of field(dots, columns, rows)) {
      context.fillStyle = scaleColor(cell.value, theme, FAINT + (STRONG - FAINT) * cell.trust);
      context.fillRect(cell.column, rows - 1 - cell.row, 1, 1);
    }
  }, [dots, columns, rows, theme]);
  return (
    <div class="contour-map">
      <Ticks ticks={ys} isUp />
      <div class="contour-field">
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas does not take the focus; the table has the values */}
        <canvas ref={canvas} width={columns} height={rows} aria-hidden="true" />
        {dots.map((dot) => (
          <DotButton key={dot.trial.id} dot={dot} view={view} across={across} up={up} />
        ))}
      </div>
      <Ticks ticks={xs} />
    </div>
  );
}

/** Returns a dot for each trial that has a value on both axes. */
function useTrialDots({ view, across, up }: Axes): { dots: TrialDot[]; xs: Tick[]; ys: Tick[] } {
  const { results, places } = view;
  return useMemo(() => {
    const scored = results.filter(hasObjective);
    const params = scored.map((trial) => flat(trial.params));
    const xs = placeOn(
      across,
      params.map((one) => one[across.name]),
    );
    const ys = placeOn(
      up,
      params.map((one) => one[up.name]),
    );
    const dots = scored.flatMap((trial, at): TrialDot[] => {
      const [x = null, y = null] = [xs.places[at], ys.places[at]];
      return x === null || y === null ? [] : [{ x, y, value: places.get(trial.id) ?? 1, trial }];
    });
    return { dots, xs: xs.ticks, ys: ys.ticks };
  }, [results, places, across, up]);
}

function DotButton({ dot: { x, y, value, trial }, view, across, up }: Axes & { dot: TrialDot }) {
  const theme = useTheme();
  const isOut = view.chosen !== null && !view.chosen.has(trial.id);
  const label = `${rowName(trial)}: ${valueText(trial)}`;
  return (
    <button
      type="button"
      class={`contour-dot${isOut ? " out" : ""}`}
      aria-label={label}
      title={label}
      tabIndex={-1}
      style={{
        left: `${100 * spreadOn(across, x, trial.number)}%`,
        bottom: `${100 * spreadOn(up, y, trial.number)}%`,
        background: scaleColor(value, theme),
        borderColor: cssColor("card"),
      }}
      onClick={() => view.select(trial.id)}
    />
  );
}
