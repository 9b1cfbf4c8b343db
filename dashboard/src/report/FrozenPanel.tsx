/** A panel that shows what was there when somebody froze it. */

import { useEffect, useState } from "preact/hooks";
import { Failure } from "../base/Failure";
import { clock, exact } from "../base/format";
import { Pairs } from "../base/Pairs";
import { Scroll } from "../base/Scroll";
import { type Snapshot, unpacked } from "./snapshot";

export function FrozenPanel({ packed }: { packed: string }) {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let isOver = false;
    unpacked(packed).then(
      (found) => isOver || setSnapshot(found),
      () => isOver || setError("This frozen panel is damaged. Delete its line `frozen:` to make it live again."),
    );
    return () => {
      isOver = true;
    };
  }, [packed]);
  if (error) return <Failure error={error} />;
  if (!snapshot) return null;
  const { charts, table, sweep, time } = snapshot;
  return (
    <div class="report-panel frozen">
      {sweep.length > 0 && <Pairs pairs={sweep} />}
      {charts.map(({ title, svg, legend }) => (
        <figure key={title}>
          {/* an image runs no scripts, whatever somebody has written into the report */}
          <img src={`data:image/svg+xml,${encodeURIComponent(svg)}`} alt={`Chart of ${title}`} />
          <Legend legend={legend} />
        </figure>
      ))}
      {table && (
        <Scroll label="Runs of this panel">
          <table class="report-table">
            <thead>
              <tr>
                {table.heads.map((head) => (
                  <th scope="col" key={head}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows never change places
                <tr key={at}>
                  {row.map((cell, place) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    <td key={place}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <p class="soft">
        Frozen on {clock(time)}
        {table && table.rows.length < table.total && `, the first ${table.rows.length} of ${exact(table.total)} runs`}
      </p>
    </div>
  );
}

function Legend({ legend }: { legend: Snapshot["charts"][number]["legend"] }) {
  return (
    <figcaption>
      {legend.map(({ label, color }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names may repeat
        <span key={at}>
          <i class="swatch" style={{ background: color }} />
          {label}
        </span>
      ))}
    </figcaption>
  );
}
