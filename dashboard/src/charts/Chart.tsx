/** A chart with its title, readout and downloads. It draws only while it is visible. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { download } from "../base/download";
import { Icon } from "../base/Icon";
import { useLatest } from "../base/latest";
import { Menu } from "../base/Menu";
import { useIsVisible } from "../base/visibility";
import { type Line, toCsv } from "./lines";
import { DEFAULT_LOOK, type Look } from "./look";
import { toSvg } from "./svg";
import { usePlot } from "./usePlot";
import "./Chart.css";

interface Props {
  title: string;
  lines: Line[];
  look?: Look;
  height?: number;
  /** Keeps the height as given, also in a wide window. */
  isExact?: boolean;
  note?: string;
  onZoom?: (zoom: [number, number] | null) => void;
  onVisible?: (isVisible: boolean) => void;
  isLoading?: boolean;
  /** Called with the id of the line that is nearest to where the chart was clicked. */
  onPick?: (line: string) => void;
  onEnlarge?: (() => void) | undefined;
  /** What stands below the plot. */
  legend?: ComponentChildren;
  /** Choices of the chart's menu besides its downloads. */
  choices?: Record<string, () => void>;
}

const USUAL_PX = 232;
/** In windows at least this wide, charts are higher too. */
const WIDE_PX = 2200;
const WIDE_HEIGHT_FACTOR = 1.4;

/** Returns the height in this window of something that is `usual` pixels high in a usual window. */
export function heightIn(usual: number): number {
  return innerWidth < WIDE_PX ? usual : Math.round(usual * WIDE_HEIGHT_FACTOR);
}

function emptyText(isZoomed: boolean): string {
  return isZoomed ? "no values in this range" : "no values yet";
}

export function Chart({ title, lines, note, onPick, onEnlarge, ...props }: Props) {
  const { look = DEFAULT_LOOK, onZoom, onVisible, choices, isLoading = false } = props;
  const height = props.isExact ? (props.height ?? USUAL_PX) : heightIn(props.height ?? USUAL_PX);
  const card = useRef<HTMLElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLDivElement>(null);
  const [ownZoom, setOwnZoom] = useState<[number, number] | null>(null);
  const isVisible = useIsVisible(card);
  const hasOwnZoom = onZoom === undefined;
  const shown = useMemo(() => (hasOwnZoom && ownZoom ? { ...look, zoom: ownZoom } : look), [look, ownZoom, hasOwnZoom]);
  const zoom = onZoom ?? setOwnZoom;
  const plot = usePlot({ root, readout, lines, look: shown, height, isVisible, onZoom: zoom, onPick });
  const isZoomed = (onZoom ? look.zoom : ownZoom) !== null;
  const latestOnVisible = useLatest(onVisible);
  useEffect(() => latestOnVisible.current?.(isVisible), [isVisible]);

  const file = title.replace(/[^\w.-]+/g, "_");
  const downloads = {
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
          <button type="button" class="quiet small" onClick={() => zoom(null)}>
            whole range
          </button>
        )}
        <span class="chart-acts">
          {onEnlarge && (
            <button type="button" class="icon" aria-label={`Enlarge ${title}`} title="Enlarge" onClick={onEnlarge}>
              <Icon name="enlarge" />
            </button>
          )}
          <Menu label={`More of ${title}`} choices={{ ...choices, ...downloads }} />
        </span>
      </figcaption>
      <div class="plot" ref={root} style={{ height: `${height}px` }}>
        {isEmpty && <div class="plot-empty">{isLoading ? "" : emptyText(isZoomed)}</div>}
      </div>
      {props.legend}
      <div class="readout" ref={readout} hidden />
    </figure>
  );
}
