/** Two parameters against the objective: every trial as a dot, between them what the near ones came to. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Trial } from "../api/types";
import { flat, number } from "../base/format";
import { cssColor, scaleColor, useTheme } from "../base/theme";
import type { Parameter } from "./score";
import { type Dot, field, placeOn, spreadOn } from "./surface";
import { Ticks } from "./Ticks";

interface Props {
  trials: Trial[];
  places: Map<string, number>;
  /** The most important ones first. */
  parameters: Parameter[];
  chosen: Set<string> | null;
  onSelect: (trial: string) => void;
}

/** Cells across and up; twice as many where there are few trials to go through for each. */
const COLUMNS = 140;
const ROWS = 70;
const FEW = 150;
const FAINT = 0.2;
const STRONG = 0.75;

export function Contour({ trials, places, parameters, chosen, onSelect }: Props) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [names, setNames] = useState<[string, string]>(["", ""]);
  // a surface says most over two numbers; what is chosen from few comes after them
  const wanted = [
    ...parameters.filter((one) => !one.choices.length),
    ...parameters.filter((one) => one.choices.length),
  ];
  const across = wanted.find((one) => one.name === names[0]) ?? wanted[0]!;
  const up = wanted.find((one) => one.name === names[1] && one !== across) ?? wanted.find((one) => one !== across)!;
  const scored = useMemo(() => trials.filter((trial) => trial.objective !== null), [trials]);
  const values = (one: Parameter) => scored.map((trial) => flat(trial.params)[one.name]);
  const [xs, ys] = [placeOn(across, values(across)), placeOn(up, values(up))];
  const dots = scored.flatMap((trial, at): (Dot & { trial: Trial })[] => {
    const [x, y] = [xs.places[at], ys.places[at]];
    return x === null || x === undefined || y === null || y === undefined
      ? []
      : [{ x, y, value: places.get(trial.id)!, trial }];
  });
  const fine = dots.length < FEW ? 2 : 1;
  const [columns, rows] = [COLUMNS * fine, ROWS * fine];
  const drawn = JSON.stringify(dots.map((dot) => [dot.x, dot.y, dot.value]));
  useEffect(() => {
    const paper = canvas.current?.getContext("2d");
    if (!paper) return;
    paper.clearRect(0, 0, columns, rows);
    for (const cell of field(dots, columns, rows)) {
      paper.fillStyle = scaleColor(cell.value, theme, FAINT + (STRONG - FAINT) * cell.trust);
      paper.fillRect(cell.column, rows - 1 - cell.row, 1, 1);
    }
  }, [drawn, theme]);
  const choice = (label: string, value: string, set: (name: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {parameters.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="contour">
      <div class="toolbar">
        {choice("up", up.name, (name) => setNames([name === across.name ? up.name : across.name, name]))}
        {choice("across", across.name, (name) => setNames([name, name === up.name ? across.name : up.name]))}
      </div>
      <div class="contour-map">
        <Ticks ticks={ys.ticks} isUp />
        <div class="contour-field">
          <canvas ref={canvas} width={columns} height={rows} aria-hidden="true" />
          {dots.map(({ x, y, trial }) => {
            const isOut = chosen !== null && !chosen.has(trial.id);
            const said = `trial ${trial.number}: ${number(trial.objective)}`;
            return (
              <button
                type="button"
                key={trial.id}
                class={`contour-dot${isOut ? " out" : ""}`}
                aria-label={said}
                title={said}
                tabIndex={-1}
                style={{
                  left: `${100 * spreadOn(across, x, trial.number)}%`,
                  bottom: `${100 * spreadOn(up, y, trial.number)}%`,
                  background: scaleColor(places.get(trial.id)!, theme),
                  borderColor: cssColor("card"),
                }}
                onClick={() => onSelect(trial.id)}
              />
            );
          })}
        </div>
        <Ticks ticks={xs.ticks} />
      </div>
    </div>
  );
}
