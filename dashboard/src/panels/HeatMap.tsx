/** A heat map: a row for each rank, a column for each stretch of steps. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mixed, useTheme } from "../base/theme";
import { meanOf } from "./stragglers";
import "./HeatMap.css";

const ROW_PX = 22;
/** The outermost 2 % of the values share the first and the last colour. */
const OUTER = 0.02;

type Rgb = [number, number, number];
const COLORS: Record<"light" | "dark", [Rgb, Rgb]> = {
  light: [
    [232, 238, 235],
    [184, 92, 20],
  ],
  dark: [
    [40, 50, 53],
    [240, 182, 92],
  ],
};

interface Props {
  rows: (number | null)[][];
  names: string[];
  /** The last step of each column. */
  steps: number[];
  /** The first step of all. */
  start: number;
  format: (value: number) => string;
  /** The value of the first colour; without it, the least value. */
  from?: number;
}

export function HeatMap({ rows, names, steps, start, format, from }: Props) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState("");
  const [least, most] = useMemo(() => rangeOf(rows, from), [rows, from]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, rows, (value) => mixed(...COLORS[theme], place(value, least, most)));
  }, [rows, least, most, theme]);
  function point(event: MouseEvent): void {
    if (!canvas.current) return;
    const box = canvas.current.getBoundingClientRect();
    const x = Math.min(steps.length - 1, Math.floor(((event.clientX - box.left) / box.width) * steps.length));
    const y = Math.min(rows.length - 1, Math.floor(((event.clientY - box.top) / box.height) * rows.length));
    const value = rows[y]?.[x] ?? null;
    setPointed(`${names[y]}, step ${Math.round(steps[x] ?? 0)}: ${value === null ? "no value" : format(value)}`);
  }
  const range = `step ${Math.round(start)} to ${Math.round(steps.at(-1) ?? 0)}`;
  const label = `${names.length} ranks over ${steps.length} stretches of steps, from ${format(least)} to ${format(most)}`;
  const gradient = `linear-gradient(to right, ${mixed(...COLORS[theme], 0)}, ${mixed(...COLORS[theme], 1)})`;
  return (
    <>
      <div class="heat">
        <div class="heat-names">
          {names.map((name, at) => (
            <span key={name} style={{ height: `${ROW_PX}px` }}>
              {name}{" "}
              <span class="soft" title="on average">
                {averageText(rows[at] ?? [], format)}
              </span>
            </span>
          ))}
        </div>
        <canvas
          ref={canvas}
          style={{ height: `${rows.length * ROW_PX}px` }}
          onMouseMove={point}
          onMouseLeave={() => setPointed("")}
          role="img"
          aria-label={label}
        />
      </div>
      <p class="soft heat-text">
        <span>{pointed || range}</span>
        <span class="scale">
          {format(least)} <i style={{ background: gradient }} /> {format(most)}
        </span>
      </p>
    </>
  );
}

function averageText(row: (number | null)[], format: Props["format"]): string {
  const mean = meanOf(row);
  return mean === null ? "–" : format(mean);
}

/** Returns the values of the first and the last colour. */
function rangeOf(rows: (number | null)[][], from: number | undefined): [number, number] {
  const sorted = rows
    .flat()
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] ?? 0;
  const least = from ?? at(OUTER);
  return [least, Math.max(at(1 - OUTER), least) || at(1)];
}

/** Returns where a value is between the first colour (0) and the last one (1). */
function place(value: number, least: number, most: number): number {
  return Math.min(1, Math.max(0, (value - least) / (most - least || 1)));
}

/** Draws one pixel for each value. */
function draw(canvas: HTMLCanvasElement, rows: (number | null)[][], colorOf: (value: number) => string): void {
  canvas.width = rows[0]?.length ?? 0;
  canvas.height = rows.length;
  const context = canvas.getContext("2d");
  if (!context) return;
  for (const [y, row] of rows.entries()) {
    for (const [x, value] of row.entries()) {
      if (value === null) continue;
      context.fillStyle = colorOf(value);
      context.fillRect(x, y, 1, 1);
    }
  }
}
