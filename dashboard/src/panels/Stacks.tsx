/** Where a run's threads were when it stopped logging for a long time: one dump for each time. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { clock } from "../base/format";
import { Preformatted } from "../base/Scroll";
import { Section } from "../base/Section";

const MOST_LINES = 5000;

export function Stacks({ run }: { run: Run }) {
  const lines = useData(paths.console(run.id, { last: MOST_LINES, stream: "stacks" })).value ?? [];
  if (!lines.length) return null;
  const dumps = [...Map.groupBy(lines, (line) => line.time)].reverse();
  const times = dumps.length === 1 ? "once" : `${dumps.length} times`;
  return (
    <Section title="Where it stalled" note={`${times}; the stacks of all its Python threads`}>
      {dumps.map(([time, [head, ...rest]], at) => (
        <details key={time} open={at === 0}>
          <summary>
            {clock(time)} <span class="soft">{head?.line}</span>
          </summary>
          <Preformatted>{rest.map((line) => line.line).join("\n")}</Preformatted>
        </details>
      ))}
    </Section>
  );
}
