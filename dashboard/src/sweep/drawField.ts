/** Draws the surface over two parameters, some rows at a time, so that the page answers in between. */

import { scaleColor, type Theme } from "../base/theme";
import { type Dot, field } from "./surface";

/** The opacity of cells far from any trial, and of those near one. */
const FAINT = 0.2;
const STRONG = 0.75;
/** About how many kernels of dots on cells are computed before the page may answer. */
const WORK_AT_ONCE = 1_000_000;

interface Grid {
  columns: number;
  rows: number;
  theme: Theme;
}

export function drawField(canvas: HTMLCanvasElement, dots: Dot[], grid: Grid, signal: AbortSignal): void {
  const { columns, rows, theme } = grid;
  const context = canvas.getContext("2d");
  context?.clearRect(0, 0, columns, rows);
  const rowsAtOnce = Math.max(1, Math.floor(WORK_AT_ONCE / (columns * Math.max(dots.length, 1))));
  let first = 0;
  function drawSome(): void {
    if (!context || signal.aborted) return;
    const end = Math.min(rows, first + rowsAtOnce);
    for (const cell of field(dots, columns, rows, [first, end])) {
      context.fillStyle = scaleColor(cell.value, theme, FAINT + (STRONG - FAINT) * cell.trust);
      context.fillRect(cell.column, rows - 1 - cell.row, 1, 1);
    }
    first = end;
    if (first < rows) requestAnimationFrame(drawSome);
  }
  drawSome();
}
