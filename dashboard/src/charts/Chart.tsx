/** A chart with its title, readout and downloads. It draws while it is in sight, and not otherwise. */

import { useEffect, useRef, useState } from "preact/hooks";
import { download } from "../base/download";
import { Icon } from "../base/Icon";
import { Menu } from "../base/Menu";
import { useTheme } from "../base/theme";
import { onCross } from "./crosshair";
import { type Line, toCsv } from "./lines";
import type { Look } from "./look";
import { Plot } from "./plot";
import { toSvg } from "./svg";

export const DEFAULT_LOOK: Look = {
  xAxis: "step",
  isLogX: false,
  isLogY: false,
  hasEnvelope: true,
  hasOutliers: true,
  zoom: null,
};

interface Props {
  title: string;
  lines: Line[];
  look?: Look;
  height?: number;
  /** The height is as given, also in a wide window. */
  isExact?: boolean;
  note?: string;
  onZoom?: (zoom: [number, number] | null) => void;
  onSeen?: (isSeen: boolean) => void;
  isLoading?: boolean;
  /** Called with the id of the line that is nearest to where the chart was clicked. */
  onPick?: (line: string) => void;
  onEnlarge?: (() => void) | undefined;
  /** What the chart's menu offers besides its downloads. */
  acts?: Record<string, () => void>;
}

const AHEAD = "300px";
const USUAL_PX = 220;
/** Where the window is as wide as this, charts are higher too. */
const WIDE_PX = 2200;
const HIGHER = 1.4;

/** Returns how high something is that is `usual` pixels high in a usual window. */
export function heightIn(usual: number): number {
  return innerWidth < WIDE_PX ? usual : Math.round(usual * HIGHER);
}

/** A press that moves further than this is a drag. */
const CLICK_PX = 4;

export function Chart({
  title,
  lines,
  look = DEFAULT_LOOK,
  height: wanted = USUAL_PX,
  note,
  onZoom,
  onSeen,
  isLoading,
  onPick,
  onEnlarge,
  acts,
  isExact = false,
}: Props) {
  const height = isExact ? wanted : heightIn(wanted);
  const card = useRef<HTMLElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const zoom = useRef(onZoom);
  const [ownZoom, setOwnZoom] = useState<[number, number] | null>(null);
  const [isSeen, setSeen] = useState(false);
  const theme = useTheme();
  const drawnTheme = useRef(theme);
  zoom.current = onZoom ?? setOwnZoom;
  const shown = onZoom ? look : { ...look, zoom: ownZoom ?? look.zoom };
  const isZoomed = (onZoom ? look.zoom : ownZoom) !== null;

  useEffect(() => {
    const made = new Plot(root.current!, readout.current!, shown, (next) => zoom.current?.(next));
    plot.current = made;
    const sizes = new ResizeObserver(([entry]) => entry && made.resize(Math.floor(entry.contentRect.width), height));
    sizes.observe(root.current!);
    const sight = new IntersectionObserver(([entry]) => entry && setSeen(entry.isIntersecting), { rootMargin: AHEAD });
    sight.observe(card.current!);
    return () => {
      sizes.disconnect();
      sight.disconnect();
      made.destroy();
    };
  }, []);

  useEffect(() => onSeen?.(isSeen), [isSeen]);

  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    const node = root.current!;
    let under = "";
    let from = 0;
    const end = onCross((cross) => (under = cross?.source === plot.current ? cross!.line : ""));
    const press = (event: PointerEvent) => (from = event.clientX);
    const click = (event: MouseEvent) => under && Math.abs(event.clientX - from) < CLICK_PX && pick.current?.(under);
    node.addEventListener("pointerdown", press, true);
    node.addEventListener("click", click);
    return () => {
      end();
      node.removeEventListener("pointerdown", press, true);
      node.removeEventListener("click", click);
    };
  }, []);

  useEffect(() => {
    if (!isSeen) return;
    plot.current?.update(lines, shown, drawnTheme.current !== theme);
    drawnTheme.current = theme;
  }, [isSeen, lines, look, ownZoom, theme]);

  const file = title.replace(/[^\w.-]+/g, "_");
  const choices = {
    ...acts,
    "Download PNG": () => plot.current?.canvas()?.toBlob((blob) => blob && download(blob, `${file}.png`)),
    "Download SVG": () => download(new Blob([toSvg(title, lines, shown)], { type: "image/svg+xml" }), `${file}.svg`),
    "Download CSV": () => download(new Blob([toCsv(lines, shown.xAxis, title)], { type: "text/csv" }), `${file}.csv`),
  };
  const isEmpty = !lines.some((line) => line.x.length);
  return (
    <figure class={`chart${onPick ? " pickable" : ""}`} ref={card} aria-label={`Chart of ${title}`}>
      <figcaption>
        <span class="chart-title" title={title}>
          {title}
        </span>
        {note && <span class="soft">{note}</span>}
        {isZoomed && (
          <button type="button" class="quiet small" onClick={() => zoom.current?.(null)}>
            whole range
          </button>
        )}
        <span class="chart-acts">
          {onEnlarge && (
            <button type="button" class="icon" aria-label={`Enlarge ${title}`} title="Enlarge" onClick={onEnlarge}>
              <Icon name="enlarge" />
            </button>
          )}
          <Menu label={`More of ${title}`} choices={choices} />
        </span>
      </figcaption>
      <div class="plot" ref={root} style={{ height: `${height}px` }}>
        {isEmpty && <div class="plot-empty">{isLoading ? "" : "no values yet"}</div>}
      </div>
      <div class="readout" ref={readout} hidden />
    </figure>
  );
}
