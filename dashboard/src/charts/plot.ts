/** One chart: uPlot draws axes and lines; marks, envelopes and the crosshair are drawn by the files beside this one. */

import uPlot from "uplot";
import { onPointed, showCross } from "./crosshair";
import type { Line } from "./lines";
import type { Look } from "./look";
import { drawBehind, drawMarks } from "./plotMarks";
import { lineWidth, plotData, plotOptions } from "./plotOptions";
import { PlotPointer } from "./plotPointer";

const LEAST_DRAG_PX = 4;

type Zoom = [number, number] | null;

export class Plot {
  private plot: uPlot | null = null;
  private lines: Line[] = [];
  private look: Look;
  private size = { width: 0, height: 0 };
  private readonly pointer: PlotPointer;
  private readonly endPointed: () => void;

  constructor(
    private readonly root: HTMLElement,
    readout: HTMLElement,
    look: Look,
    private readonly onZoom: (zoom: Zoom) => void,
  ) {
    this.look = look;
    this.pointer = new PlotPointer(this, readout, () => ({ plot: this.plot, lines: this.lines, look: this.look }));
    this.endPointed = onPointed((id) => this.highlight(id));
  }

  /** Shows `lines` with `look`. Draws nothing until the plot has a size. */
  update(lines: Line[], look: Look, isThemeNew = false): void {
    const isRebuilt = isThemeNew || lines.length !== this.lines.length || !hasSameAxes(look, this.look);
    this.lines = lines;
    this.look = look;
    if (!this.size.width) return;
    if (!lines.length)
      this.remove(); // uPlot draws no chart without a line
    else if (this.plot === null || isRebuilt) this.build();
    else this.refresh(this.plot);
  }

  resize(width: number, height: number): void {
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    if (this.plot === null) this.update(this.lines, this.look, true);
    else this.plot.setSize(this.size);
  }

  canvas(): HTMLCanvasElement | null {
    return this.plot?.ctx.canvas ?? null;
  }

  destroy(): void {
    this.pointer.destroy();
    this.endPointed();
    this.remove();
  }

  private remove(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private build(): void {
    this.remove();
    const hooks: uPlot.Hooks.Arrays = {
      drawAxes: [(plot) => drawBehind(plot, this.lines, this.look)],
      draw: [(plot) => drawMarks(plot, this.lines, this.look)],
      setSelect: [(plot) => this.select(plot)],
    };
    const now = () => ({ lines: this.lines, look: this.look });
    this.plot = new uPlot({ ...plotOptions(now), ...this.size, hooks }, plotData(this.lines, this.look), this.root);
    const { over } = this.plot;
    this.pointer.attach(over);
    over.addEventListener("mouseleave", () => showCross(null));
    over.addEventListener("dblclick", () => this.onZoom(null));
  }

  /** Draws new data with the axes that are there. */
  private refresh(plot: uPlot): void {
    for (const [at, line] of this.lines.entries()) {
      const series = plot.series[at + 1];
      if (!series) continue;
      series.stroke = () => line.color;
      series.width = lineWidth(line, this.lines, this.look);
    }
    plot.setData(plotData(this.lines, this.look));
  }

  /** Fades all lines but one. Null shows all of them. */
  private highlight(id: string | null): void {
    const at = this.lines.findIndex((line) => line.id === id);
    const series = at < 0 ? (null as unknown as number) : at + 1; // uPlot's types do not know that null is allowed
    this.plot?.setSeries(series, { focus: true });
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG_PX) return;
    const zoom: Zoom = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom(zoom);
  }
}

function hasSameAxes(a: Look, b: Look): boolean {
  return a.isLogX === b.isLogX && a.isLogY === b.isLogY && a.xAxis === b.xAxis && a.unit === b.unit;
}
