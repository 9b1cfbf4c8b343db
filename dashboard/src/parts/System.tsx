/** What a run's node did while it ran: CPU, memory, disk, network, every GPU; the run's own GPUs are marked. */

import { useMemo, useState } from "preact/hooks";
import { paths, type Run, type SeriesInfo } from "../base/api";
import { useData, useNow } from "../base/data";
import { bytes, number } from "../base/format";
import { faded, lineColor, useTheme } from "../base/theme";
import { Failure } from "./Page";
import { Chart, DEFAULT_LOOK } from "../charts/Chart";
import { type Line, toLine } from "../charts/lines";
import { useSeries } from "../charts/loader";
import type { Look } from "../charts/look";

interface Panel {
  title: string;
  keys: string[];
  isPercent: boolean;
  isBytes: boolean;
}

/** So much before and after a run is shown too: a short one may lie between two samples. */
const AROUND_S = 30;
const NONE: string[] = [];
const NUMBER = /^\d+$/;
const GPU = /^gpu\.(\d+)\.(.+)$/;

export function System({ run }: { run: Run }) {
  const to = run.ended === null ? null : run.ended + AROUND_S;
  return <NodeCharts node={run.node} from={run.created - AROUND_S} to={to} own={run.gpus} />;
}

/** `own`: the GPUs that are marked, by their number on the node. */
export function NodeCharts({ node, from, to, own = NONE }: { node: string; from: number; to: number | null; own?: string[] }) {
  const { value: keys, error } = useData(node ? paths.keys(node) : null);
  const panels = useMemo(() => (keys ? panelsOf(keys) : []), [keys?.map((info) => info.key).join()]);
  if (error) return <Failure error={error} />;
  if (keys?.length === 0) return <p class="empty">Nothing was sampled on this node.</p>;
  const counts = new Map(keys?.map((info) => [info.key, info.count]));
  return (
    <div class="chart-grid">
      {panels.map((panel) => (
        <SystemChart key={panel.title} node={node} panel={panel} from={from} to={to} counts={counts} own={own} />
      ))}
    </div>
  );
}

interface ChartProps {
  node: string;
  panel: Panel;
  from: number;
  to: number | null;
  counts: Map<string, number>;
  own: string[];
}

function SystemChart({ node, panel, from, to, counts, own }: ChartProps) {
  const [isSeen, setSeen] = useState(false);
  const theme = useTheme();
  const now = useNow(10_000);
  const wanted = panel.keys.map((key) => ({ owner: node, key, stamp: String(counts.get(key) ?? 0) }));
  const end = to ?? from + Math.max(60, Math.ceil((now - from) / 10) * 10);
  const view = useMemo(() => ({ x: "time", zoom: [from, Math.max(end, from + 5)] as [number, number] }), [from, end]);
  const { found: series, isLoading } = useSeries(wanted, view, isSeen);
  const lines = useMemo(
    () =>
      series.flatMap((found, at): Line[] => {
        const key = panel.keys[at]!;
        const gpu = GPU.exec(key);
        if (!found.count) return [];
        const isOwn = gpu !== null && own.includes(gpu[1]!);
        const isOther = gpu !== null && !isOwn && own.some((one) => NUMBER.test(one));
        const label = gpu ? `GPU ${gpu[1]}${isOwn ? ", this run's" : ""}` : key;
        const line = toLine(found, { id: key, label, color: isOther ? faded(lineColor(at, theme), 0.35) : lineColor(at, theme) });
        return [{ ...line, width: isOwn ? 2.4 : 1.3 }];
      }),
    [series, theme, own],
  );
  const first = Math.min(...lines.map((line) => line.x[0] ?? Number.POSITIVE_INFINITY));
  const look: Look = useMemo(
    () => ({
      ...DEFAULT_LOOK,
      xAxis: "time",
      zoom: first < end ? [Math.max(from, first), end] : view.zoom, // no empty half where sampling began later
      ...(panel.isPercent ? { yRange: [0, 100] as [number, number], unit: percent } : {}),
      ...(panel.isBytes ? { unit: size } : {}),
    }),
    [view, panel, first],
  );
  const marked = own.length && panel.keys.some((key) => GPU.test(key)) ? `this run's: GPU ${own.join(", ")}` : "";
  return <Chart title={panel.title} note={marked} lines={lines} look={look} height={170} onSeen={setSeen} isLoading={isLoading} />;
}

const size = (count: number) => bytes(count, 4);
const percent = (share: number) => `${number(share, 3)} %`;

/** Returns one panel a quantity; the same quantity of all GPUs is in one. */
function panelsOf(keys: SeriesInfo[]): Panel[] {
  const panels = new Map<string, Panel>();
  for (const { key } of keys) {
    const gpu = GPU.exec(key);
    const quantity = gpu ? `gpu ${gpu[2]}` : key;
    const title = quantity.replace(/_bytes_per_s$/, " per second").replace(/[_.]/g, " ").replace(/ bytes$/, "").replace(/ percent$/, " %");
    const panel = panels.get(title) ?? { title, keys: [], isPercent: key.endsWith("percent"), isBytes: key.includes("bytes") };
    panel.keys.push(key);
    panels.set(title, panel);
  }
  return [...panels.values()].sort((a, b) => Number(b.title.startsWith("gpu")) - Number(a.title.startsWith("gpu")));
}
