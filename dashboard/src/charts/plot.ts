/** One chart: uPlot draws axes and lines; envelopes, raw lines, marks, the crosshair and the readout are added here. */

import uPlot from "uplot";
import { duration, number, ROUND_SECONDS } from "../base/format";
import { cssColor, faded } from "../base/theme";
import { logTicks } from "../base/ticks";
import { type Cross, onCross, onPointed, showCross } from "./crosshair";
import { type Line, nearest } from "./lines";
import { clockText, type Look, MOST_WIDE_LINES } from "./look";
import { xRange, yRange } from "./ranges";
import { tell } from "./readout";

const FONT = "11px system-ui, sans-serif";
const READOUT_ROWS = 8;
const LEAST_DRAG_PX = 4;
const LINE_PX = 1.5;
/** How much is seen of the other lines while one is pointed at. */
const UNFOCUSED = 0.15;
const TIME_STEPS = [
  ...[1, 2, 5].flatMap((count) => [count / 1000, count / 100, count / 10]).sort((a, b) => a - b),
  ...ROUND_SECONDS,
];

const MOST_X_MARKS = 8;
const MOST_Y_MARKS = 6;

/** What marks an axis where it is logarithmic: uPlot's own marks need a range that ends at round numbers. */
function marked(isLog: boolean, most: number): Partial<uPlot.Axis> {
  return isLog
    ? { splits: (_plot, _axis, low, high) => logTicks(low, high, most), filter: (_plot, splits) => splits }
    : {};
}

export class Plot {
  private plot: uPlot | null = null;
  private lines: Line[] = [];
  private look: Look;
  private size = { width: 0, height: 0 };
  private readonly mark = document.createElement("div");
  private readonly dot = document.createElement("div");
  private readonly endCross: () => void;
  private readonly endPointing: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly readout: HTMLElement,
    look: Look,
    private readonly onZoom: (zoom: [number, number] | null) => void,
  ) {
    this.look = look;
    this.mark.className = "cross";
    this.dot.className = "cross-dot";
    this.endCross = onCross((cross) => this.follow(cross));
    this.endPointing = onPointed((id) => this.stressed(id));
  }

  /** Shows `lines` with `look`; draws nothing before it has a size. */
  update(lines: Line[], look: Look, isFresh = false): void {
    const isRebuilt =
      isFresh ||
      lines.length !== this.lines.length ||
      look.isLogX !== this.look.isLogX ||
      look.isLogY !== this.look.isLogY ||
      look.xAxis !== this.look.xAxis ||
      look.unit !== this.look.unit;
    this.lines = lines;
    this.look = look;
    if (!this.size.width) return;
    if (!lines.length) {
      this.plot?.destroy(); // uPlot draws no chart without a line
      this.plot = null;
      return;
    }
    if (this.plot === null || isRebuilt) this.build();
    else {
      for (const [at, line] of lines.entries()) {
        const series = this.plot.series[at + 1]!;
        series.stroke = () => line.color;
        series.width = this.widthOf(line);
      }
      this.plot.setData(this.data());
    }
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
    this.endCross();
    this.endPointing();
    this.plot?.destroy();
    this.plot = null;
  }

  private widthOf(line: Line): number {
    if (line.dots) return 0;
    return line.width ?? (this.lines.length > MOST_WIDE_LINES && !this.look.isWide ? 1 : LINE_PX);
  }

  private data(): uPlot.AlignedData {
    const usable = (values: (number | null)[], isLog: boolean) =>
      isLog ? values.map((value) => (value !== null && value > 0 ? value : null)) : values;
    const { isLogX, isLogY } = this.look;
    const facets = this.lines.map((line) => [usable(line.x, isLogX), usable(line.y, isLogY)]);
    return [null, ...facets] as unknown as uPlot.AlignedData;
  }

  private build(): void {
    this.plot?.destroy();
    const ink = cssColor("ink-soft");
    const grid = { stroke: cssColor("grid"), width: 1 };
    const axis = { stroke: ink, font: FONT, grid, ticks: { show: false } };
    const { look } = this;
    const isTime = look.xAxis === "time" || look.xAxis === "relative";
    const xScale: uPlot.Scale = { time: false, distr: look.isLogX ? 3 : 1, range: () => xRange(this.lines, this.look) };
    const yScale: uPlot.Scale = { distr: look.isLogY ? 3 : 1, range: () => yRange(this.lines, this.look) };
    const xValues = (_: uPlot, splits: number[]) =>
      splits.map((value) => {
        if (value === null) return "";
        if (look.xAxis === "time") return clockText(value, splits);
        return look.xAxis === "relative" ? duration(value) : number(value, 5);
      });
    const yValues = (_: uPlot, splits: number[]) =>
      splits.map((value) => {
        if (value === null) return "";
        return look.unit ? look.unit(value) : number(value, 4);
      });
    const options: uPlot.Options = {
      ...this.size,
      mode: 2,
      legend: { show: false },
      padding: [8, isTime ? 22 : 10, 0, 0], // what a last tick's words need
      focus: { alpha: UNFOCUSED },
      cursor: {
        x: false,
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false },
        dataIdx: () => 0,
      },
      scales: { x: xScale, y: yScale },
      axes: [
        {
          ...axis,
          size: 26,
          space: 70,
          values: xValues,
          ...(isTime ? { incrs: TIME_STEPS } : {}),
          ...marked(look.isLogX, MOST_X_MARKS),
        },
        {
          ...axis,
          size: (_, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((text) => text.length)),
          values: yValues,
          space: 34,
          ...marked(look.isLogY, MOST_Y_MARKS),
        },
      ],
      series: [
        {},
        ...this.lines.map(
          (line): uPlot.Series => ({
            facets: [
              { scale: "x", auto: true, sorted: 1 },
              { scale: "y", auto: true },
            ],
            paths: uPlot.paths.linear!(),
            stroke: () => line.color,
            width: this.widthOf(line),
            ...(line.dash ? { dash: line.dash } : {}),
            points: { show: line.x.length === 1, size: 6 },
          }),
        ),
      ],
      hooks: {
        drawAxes: [(plot) => this.drawBehind(plot)],
        draw: [(plot) => this.drawMarks(plot)],
        setSelect: [(plot) => this.zoomed(plot)],
      },
    };
    this.plot = new uPlot(options, this.data(), this.root);
    const { over } = this.plot;
    over.append(this.mark, this.dot);
    over.addEventListener("mousemove", (event) => this.point(event));
    over.addEventListener("mouseleave", () => showCross(null));
    over.addEventListener("dblclick", () => this.onZoom(null));
  }

  /** Lets one line stand out among the others; null: none does. */
  private stressed(id: string | null): void {
    const at = this.lines.findIndex((line) => line.id === id);
    this.plot?.setSeries(at < 0 ? (null as unknown as number) : at + 1, { focus: true }); // its types know no "none"
  }

  private drawBehind(plot: uPlot): void {
    const { ctx } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    ctx.clip();
    for (const line of this.lines) {
      if (this.look.hasEnvelope || line.counts) this.drawEnvelope(plot, line);
      if (line.raw) this.drawRaw(plot, line, line.raw);
    }
    ctx.restore();
  }

  private drawEnvelope(plot: uPlot, line: Line): void {
    const { ctx } = plot;
    if (line.low === line.high || !line.low.some((low, at) => low !== line.high[at])) return;
    ctx.fillStyle = faded(line.color, line.counts ? 0.2 : 0.16);
    const inside = line.x.flatMap((_, at) => (this.isDrawn(line.low[at]) && this.isDrawn(line.high[at]) ? [at] : []));
    ctx.beginPath();
    for (const at of inside)
      ctx.lineTo(plot.valToPos(line.x[at]!, "x", true), plot.valToPos(line.high[at]!, "y", true));
    for (const at of inside.reverse())
      ctx.lineTo(plot.valToPos(line.x[at]!, "x", true), plot.valToPos(line.low[at]!, "y", true));
    ctx.fill();
  }

  private drawRaw(plot: uPlot, line: Line, raw: (number | null)[]): void {
    const { ctx } = plot;
    ctx.strokeStyle = faded(line.color, 0.28);
    ctx.lineWidth = uPlot.pxRatio;
    ctx.beginPath();
    let isBroken = true;
    for (let at = 0; at < raw.length; at++) {
      const isHere = this.isDrawn(raw[at]);
      if (isHere) {
        const place = [plot.valToPos(line.x[at]!, "x", true), plot.valToPos(raw[at]!, "y", true)] as const;
        if (isBroken) ctx.moveTo(...place);
        else ctx.lineTo(...place);
      }
      isBroken = !isHere;
    }
    ctx.stroke();
  }

  private isDrawn(value: number | null | undefined): boolean {
    return value != null && (!this.look.isLogY || value > 0);
  }

  /** Draws where values were not finite (a cross at the foot), and what ended a line. */
  private drawMarks(plot: uPlot): void {
    const { ctx } = plot;
    const ratio = uPlot.pxRatio;
    const foot = plot.bbox.top + plot.bbox.height - 5 * ratio;
    ctx.save();
    ctx.lineWidth = 1.6 * ratio;
    for (const line of this.lines) {
      if (line.broken.length) this.drawBroken(plot, line, foot);
      for (const [at, color] of (line.dots ?? []).entries()) {
        if (!this.isDrawn(line.y[at])) continue;
        ctx.beginPath();
        ctx.fillStyle = color;
        ctx.arc(
          plot.valToPos(line.x[at]!, "x", true),
          plot.valToPos(line.y[at]!, "y", true),
          3.6 * ratio,
          0,
          2 * Math.PI,
        );
        ctx.fill();
      }
      const last = line.y.length - 1;
      if (!line.end || last < 0 || !this.isDrawn(line.y[last])) continue;
      ctx.beginPath();
      ctx.fillStyle = line.end.color;
      ctx.arc(
        plot.valToPos(line.x[last]!, "x", true),
        plot.valToPos(line.y[last]!, "y", true),
        3.6 * ratio,
        0,
        2 * Math.PI,
      );
      ctx.fill();
    }
    ctx.restore();
  }

  private drawBroken(plot: uPlot, line: Line, foot: number): void {
    const { ctx } = plot;
    const arm = 3.5 * uPlot.pxRatio;
    ctx.strokeStyle = line.color;
    ctx.beginPath();
    for (const x of line.broken) {
      const place = plot.valToPos(x, "x", true);
      if (place < plot.bbox.left || place > plot.bbox.left + plot.bbox.width) continue;
      ctx.moveTo(place - arm, foot - arm);
      ctx.lineTo(place + arm, foot + arm);
      ctx.moveTo(place - arm, foot + arm);
      ctx.lineTo(place + arm, foot - arm);
    }
    ctx.stroke();
  }

  private zoomed(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG_PX) return;
    const zoom: [number, number] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom(zoom);
  }

  private point(event: MouseEvent): void {
    const { plot } = this;
    if (!plot) return;
    const box = plot.over.getBoundingClientRect();
    const left = event.clientX - box.left;
    const top = event.clientY - box.top;
    const x = plot.posToVal(left, "x");
    const near = this.lines
      .map((line) => ({ line, at: nearest(line.x, x) }))
      .filter(({ line, at }) => at >= 0 && this.isDrawn(line.y[at]))
      .filter(
        ({ line, at }) =>
          Math.abs(plot.valToPos(line.x[at]!, "x") - left) < Math.max(60, box.width / Math.max(1, line.x.length)),
      )
      .map((row) => ({ ...row, far: Math.abs(plot.valToPos(row.line.y[row.at]!, "y") - top) }))
      .sort((a, b) => a.far - b.far);
    const first = near[0];
    showCross({ x: first ? first.line.x[first.at]! : x, line: first?.line.id ?? "", source: this });
    tell(this.readout, plot, this.look, { near: near.slice(0, READOUT_ROWS), total: near.length, left });
  }

  /** Moves this chart's part of the shared crosshair. */
  private follow(cross: Cross | null): void {
    const { plot } = this;
    const line = cross && this.lines.find((candidate) => candidate.id === cross.line);
    if (!cross || cross.source !== this) {
      this.readout.hidden = true;
    }
    if (!plot || !cross) {
      this.mark.style.display = this.dot.style.display = "none";
      return;
    }
    const left = plot.valToPos(cross.x, "x");
    const isInside = left >= 0 && left <= plot.over.clientWidth;
    this.mark.style.display = isInside ? "block" : "none";
    this.mark.style.transform = `translateX(${Math.round(left)}px)`;
    const at = line ? nearest(line.x, cross.x) : -1;
    const value = line && at >= 0 ? line.y[at] : null;
    const isShown = isInside && line != null && this.isDrawn(value);
    this.dot.style.display = isShown ? "block" : "none";
    if (!isShown || !line) return;
    const x = plot.valToPos(line.x[at]!, "x");
    const y = plot.valToPos(value!, "y");
    this.dot.style.transform = `translate(${x}px, ${y}px)`;
    this.dot.style.background = line.color;
    if (cross.source !== this) tell(this.readout, plot, this.look, { near: [{ line, at }], total: 1, left });
  }
}
