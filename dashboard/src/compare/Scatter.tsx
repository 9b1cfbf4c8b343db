/** A dot for each run, by two columns. A click opens the run. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunRow } from "../api/types";
import { exact } from "../base/format";
import { navigate } from "../base/router";
import { scaleColor, useTheme } from "../base/theme";
import { useSize } from "../base/useSize";
import { type Dot as AnyDot, drawDots, nearestDot } from "../charts/dots";
import { Ticks } from "../charts/Ticks";
import { text } from "../tables/rowValues";
import { type AxisChoice, colorPlaces, placedRuns } from "./numbers";

type Dot = AnyDot<RunRow>;

interface Props {
  rows: RunRow[];
  x: AxisChoice;
  y: AxisChoice;
  /** The column that decides the colour. */
  color: string;
}

export function Scatter({ rows, x, y, color }: Props) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const [pointed, setPointed] = useState<Dot | null>(null);
  const asked = JSON.stringify([x, y, color]);
  const { dots, xs, ys, missing } = useMemo(() => {
    const [across, up, by] = JSON.parse(asked) as [AxisChoice, AxisChoice, string];
    const placed = placedRuns(rows, across, up);
    const colors = new Map(colorPlaces(rows, by).map((place, at) => [rows[at]?.id, place]));
    const all = placed.dots.map(
      ({ row, ...place }): Dot => ({ ...place, of: row, place: colors.get(row.id) ?? 1, bar: null }),
    );
    return { ...placed, dots: all };
  }, [rows, asked]);
  useEffect(() => {
    if (canvas.current)
      drawDots(canvas.current, size, dots, { colorOf: (dot) => scaleColor(dot.place, theme), pointed });
  }, [dots, size, theme, pointed]);
  function point(event: MouseEvent): void {
    const box = canvas.current?.getBoundingClientRect();
    if (box) setPointed(nearestDot(dots, size, event.clientX - box.left, event.clientY - box.top));
  }
  return (
    <figure class="scatter section">
      <figcaption>
        {pointed
          ? [
              text(pointed.of["name"]),
              ...[x.column, y.column, color].map((name) => `${name} ${exact(pointed.of[name])}`),
            ].join(" · ")
          : `${y.column} by ${x.column}${missing ? `; ${missing} runs lack one of them` : ""}`}
      </figcaption>
      {!dots.length && <p class="empty">No run has both of them. Choose other columns above.</p>}
      <div class="contour-map">
        <Ticks ticks={ys} isUp />
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${y.column} of ${dots.length} runs by ${x.column}`}
          class={pointed ? "pointed" : ""}
          onMouseMove={point}
          onMouseLeave={() => setPointed(null)}
          onClick={() => pointed && navigate(`/runs/${pointed.of.id}`)}
        />
        <Ticks ticks={xs} />
      </div>
    </figure>
  );
}
