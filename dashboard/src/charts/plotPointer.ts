/** The pointer over one chart: finds the points near it, and draws this chart's part of the shared crosshair. */

import type uPlot from "uplot";
import { type Cross, onCross, showCross } from "./crosshair";
import { type Line, lineWith, nearest, pointLine } from "./lines";
import { isDrawn, type Look } from "./look";
import { showReadout } from "./readout";

const READOUT_ROWS = 8;
const LEAST_REACH_PX = 60;

interface Shown {
  plot: uPlot | null;
  lines: Line[];
  look: Look;
}

interface Near {
  line: Line;
  at: number;
  /** The distance from the pointer in y, in pixels. */
  distance: number;
}

export class PlotPointer {
  private readonly mark = document.createElement("div");
  private readonly dot = document.createElement("div");
  private readonly endCross: () => void;

  /**
   * @param source Identifies this chart among those that share the crosshair.
   * @param readout The element that shows the values under the pointer.
   * @param shown Returns what the chart shows at the moment.
   */
  constructor(
    private readonly source: object,
    private readonly readout: HTMLElement,
    private readonly shown: () => Shown,
  ) {
    this.mark.className = "cross";
    this.dot.className = "cross-dot";
    this.endCross = onCross((cross) => this.follow(cross));
  }

  /** Follows the pointer over uPlot's element. */
  attach(over: HTMLElement): void {
    over.append(this.mark, this.dot);
    over.addEventListener("mousemove", (event) => this.point(event));
  }

  destroy(): void {
    this.endCross();
  }

  private point(event: MouseEvent): void {
    const { plot, look } = this.shown();
    if (!plot) return;
    const box = plot.over.getBoundingClientRect();
    const left = event.clientX - box.left;
    const near = this.near(plot, left, event.clientY - box.top, box.width);
    const [first] = near;
    const x = first?.line.x[first.at] ?? plot.posToVal(left, "x");
    showCross({ x, line: first?.line.id ?? "", source: this.source });
    showReadout(this.readout, plot, look, { near: near.slice(0, READOUT_ROWS), total: near.length, left });
  }

  /** Returns one point of each line that has one near the pointer, the nearest first. */
  private near(plot: uPlot, left: number, top: number, width: number): Near[] {
    const { lines, look } = this.shown();
    const x = plot.posToVal(left, "x");
    const found = lines.flatMap((line): Near[] => {
      const reach = line.points ? LEAST_REACH_PX : Math.max(LEAST_REACH_PX, width / Math.max(1, line.x.length));
      const near = (at: number): Near[] => {
        const [pointX, pointY] = [line.x[at], line.y[at]];
        if (pointX === undefined || !isDrawn(pointY, look.isLogY)) return [];
        if (Math.abs(plot.valToPos(pointX, "x") - left) >= reach) return [];
        const distance = Math.abs(plot.valToPos(pointY, "y") - top);
        return [line.points ? { line: pointLine(line, at), at: 0, distance } : { line, at, distance }];
      };
      return line.points ? [...line.x.keys()].flatMap(near) : near(nearest(line.x, x));
    });
    return found.sort((a, b) => a.distance - b.distance);
  }

  /** Moves this chart's part of the crosshair. */
  private follow(cross: Cross | null): void {
    const { plot, lines, look } = this.shown();
    if (cross?.source !== this.source) this.readout.hidden = true;
    if (!plot || !cross) {
      this.mark.style.display = this.dot.style.display = "none";
      return;
    }
    const left = plot.valToPos(cross.x, "x");
    const isInside = left >= 0 && left <= plot.over.clientWidth;
    this.mark.style.display = isInside ? "block" : "none";
    this.mark.style.transform = `translateX(${Math.round(left)}px)`;
    const line = lineWith(lines, cross.line);
    const at = line ? nearest(line.x, cross.x) : -1;
    const [x, y] = [line?.x[at], line?.y[at]];
    const isShown = isInside && x !== undefined && isDrawn(y, look.isLogY);
    this.dot.style.display = isShown ? "block" : "none";
    if (!isShown || !line) return;
    this.dot.style.transform = `translate(${plot.valToPos(x, "x")}px, ${plot.valToPos(y, "y")}px)`;
    this.dot.style.background = line.color;
    if (cross.source !== this.source) showReadout(this.readout, plot, look, { near: [{ line, at }], total: 1, left });
  }
}
