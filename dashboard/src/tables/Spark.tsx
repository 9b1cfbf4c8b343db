/** A whole series in one cell of a table. */

import type { RunRow } from "../api/types";
import { number } from "../base/format";
import { useSeries, WHOLE } from "../charts/loader";

const WIDTH = 96;
const HEIGHT = 22;

export function Spark({ run, metric }: { run: RunRow; metric: string }) {
  const { found } = useSeries([{ owner: run.id, key: metric, stamp: String(run["rows"]) }], WHOLE, true);
  const line = found[0];
  const points = (line?.x ?? []).flatMap((x, at) => (line!.mean[at] === null ? [] : [[x, line!.mean[at]!] as const]));
  const last = points[points.length - 1];
  if (!last) return <span class="soft">–</span>;
  const ys = points.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [from, to] = [points[0]![0], last[0]];
  const place = ([x, y]: readonly [number, number]) =>
    `${to > from ? (((x - from) / (to - from)) * (WIDTH - 4) + 2).toFixed(1) : WIDTH / 2} ${high > low ? (2 + (1 - (y - low) / (high - low)) * (HEIGHT - 4)).toFixed(1) : HEIGHT / 2}`;
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${metric}: from ${number(ys[0])} to ${number(last[1])}, between ${number(low)} and ${number(high)}`}
    >
      <title>{`${number(low)} … ${number(high)}, last ${number(last[1])}`}</title>
      <path d={`M${points.map(place).join("L")}`} />
      <circle cx={place(last).split(" ")[0]} cy={place(last).split(" ")[1]} r="2" />
    </svg>
  );
}
