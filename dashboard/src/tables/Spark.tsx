/** A whole series as a small chart in one cell of a table. */

import type { RunRow } from "../api/types";
import { number } from "../base/format";
import { useSeries, WHOLE } from "../charts/loader";
import { HEIGHT, type Point, sparkline, WIDTH } from "./sparkline";
import "./Spark.css";

export function Spark({ run, metric }: { run: RunRow; metric: string }) {
  const { found } = useSeries([{ owner: run.id, key: metric, stamp: String(run["rows"]) }], WHOLE, true);
  const [line] = found;
  const points = (line?.x ?? []).flatMap((x, at): Point[] => {
    const y = line?.mean[at] ?? null;
    return y === null ? [] : [[x, y]];
  });
  const drawn = sparkline(points);
  const [endX, endY] = drawn?.places.at(-1) ?? [0, 0];
  if (!drawn) return <span class="soft">–</span>;
  const { first, last, low, high, places } = drawn;
  const range = `between ${number(low)} and ${number(high)}`;
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${metric}: from ${number(first)} to ${number(last)}, ${range}`}
    >
      <title>{`${number(low)} … ${number(high)}, last ${number(last)}`}</title>
      <path d={`M${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`} />
      <circle cx={endX.toFixed(1)} cy={endY.toFixed(1)} r="2" />
    </svg>
  );
}
