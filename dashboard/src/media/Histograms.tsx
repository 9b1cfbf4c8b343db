/** Histograms: one as bars, and many over the steps as a heat map, a column a step. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MediaEntry } from "../api/types";
import { number } from "../base/format";
import { cssColor, faded, useTheme } from "../base/theme";
import { loadJson } from "./contents";

export interface Histogram {
  counts: number[];
  edges: number[];
  not_finite: number;
}

const MOST_COLUMNS = 120;
const ROWS = 64;
const BARS_PX = 130;

export function HistogramBars({ histogram: { counts, edges, not_finite } }: { histogram: Histogram }) {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const low = edges[0] ?? 0;
  const high = edges[edges.length - 1] ?? 1;
  return (
    <div>
      <svg
        class="bars"
        viewBox={`0 0 ${counts.length} ${BARS_PX}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} values from ${number(low)} to ${number(high)}`}
      >
        {counts.map((count, at) => (
          <rect key={at} x={at + 0.05} width={0.9} y={BARS_PX * (1 - count / most)} height={(BARS_PX * count) / most}>
            <title>{`${number(edges[at])} … ${number(edges[at + 1])}: ${count}`}</title>
          </rect>
        ))}
      </svg>
      <div class="ends">
        <span>{number(low)}</span>
        <span>
          {total} values{not_finite > 0 && <b class="bad">, {not_finite} not finite</b>}
        </span>
        <span>{number(high)}</span>
      </div>
    </div>
  );
}

interface Props {
  label: string;
  entries: MediaEntry[];
  step: number;
  onStep: (step: number) => void;
}

/** Of one rank, the lowest, `MOST_COLUMNS` steps at most: evenly chosen, the first and the last among them. */
export function HistogramsOverTime({ label, entries, step, onStep }: Props) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = useMemo(() => spread(ofFirstRank(entries)), [entries]);
  const [found, setFound] = useState<Histogram[]>([]);
  const digests = chosen.map((entry) => entry.digest).join();
  useEffect(() => {
    let isOver = false;
    Promise.all(chosen.map((entry) => loadJson<Histogram>(entry.digest))).then(
      (histograms) => isOver || setFound(histograms),
      () => isOver || setFound([]), // a content that went away since the list was read: the next list is without it
    );
    return () => {
      isOver = true;
    };
  }, [digests]);
  const low = Math.min(...found.map((one) => one.edges[0] ?? 0));
  const high = Math.max(...found.map((one) => one.edges[one.edges.length - 1] ?? 0));
  useEffect(() => {
    const at = canvas.current;
    const paper = at?.getContext("2d");
    if (!at || !paper || !found.length) return;
    at.width = found.length;
    at.height = ROWS;
    const color = cssColor("accent");
    for (const [column, histogram] of found.entries()) {
      const rows = resampled(histogram, low, high);
      const most = Math.max(...rows, 1e-12);
      for (const [row, count] of rows.entries()) {
        if (count <= 0) continue;
        paper.fillStyle = faded(color, 0.06 + 0.94 * Math.sqrt(count / most));
        paper.fillRect(column, ROWS - 1 - row, 1, 1);
      }
    }
  }, [found, theme, low, high]);
  if (chosen.length < 2) return null;
  const now = chosen.findLastIndex((entry) => entry.step <= step);
  const said = `${label} over ${chosen.length} steps, from ${number(low)} to ${number(high)}`;
  return (
    <div class="over-time">
      <div class="over-time-scale" aria-hidden="true">
        <span>{number(high, 3)}</span>
        <span>{number(low, 3)}</span>
      </div>
      <div
        class="over-time-map"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const at = Math.min(
            chosen.length - 1,
            Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * chosen.length)),
          );
          onStep(chosen[at]!.step);
        }}
      >
        <canvas ref={canvas} role="img" aria-label={said} title="a step: click" />
        {now >= 0 && <i style={{ left: `${(100 * (now + 0.5)) / chosen.length}%` }} />}
      </div>
      <div class="ends">
        <span>step {chosen[0]!.step}</span>
        <span>{chosen[chosen.length - 1]!.step}</span>
      </div>
    </div>
  );
}

function ofFirstRank(entries: MediaEntry[]): MediaEntry[] {
  const first = Math.min(...entries.map((entry) => entry.rank));
  const bySteps = new Map(
    entries
      .filter((entry) => entry.rank === first && entry.index === 0 && entry.is_stored)
      .map((entry) => [entry.step, entry]),
  );
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

function spread(entries: MediaEntry[]): MediaEntry[] {
  if (entries.length <= MOST_COLUMNS) return entries;
  return Array.from(
    { length: MOST_COLUMNS },
    (_, at) => entries[Math.round((at * (entries.length - 1)) / (MOST_COLUMNS - 1))]!,
  );
}

/** Returns the counts over `ROWS` equal parts from `low` to `high`; a bin is spread evenly over what it covers. */
export function resampled({ counts, edges }: Histogram, low: number, high: number): number[] {
  const rows = new Array<number>(ROWS).fill(0);
  const scale = ROWS / Math.max(high - low, 1e-300);
  for (const [at, count] of counts.entries()) {
    const from = (edges[at]! - low) * scale;
    const to = Math.max((edges[at + 1]! - low) * scale, from + 1e-9);
    for (let row = Math.max(0, Math.floor(from)); row < Math.min(ROWS, Math.max(to, from + 1e-9)); row++) {
      rows[row]! += (count * (Math.min(to, row + 1) - Math.max(from, row))) / (to - from);
    }
  }
  return rows;
}
