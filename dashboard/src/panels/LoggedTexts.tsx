/** The texts, lists and long integers that a run logged, by key: not only the last ones, which the summary shows. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { clock } from "../base/format";
import { Section } from "../base/Section";

const MOST_VALUES = 200;

export function LoggedTexts({ run }: { run: Run }) {
  const keys = useData(paths.valueKeys(run.id)).value ?? [];
  if (!keys.length) return null;
  return (
    <Section title="Logged texts" note="all values, the newest first">
      {keys.map(({ key, count }) => (
        <details key={key} open={keys.length === 1}>
          <summary>
            {key} <span class="soft">{count}</span>
          </summary>
          <History run={run} name={key} />
        </details>
      ))}
    </Section>
  );
}

function History({ run, name }: { run: Run; name: string }) {
  const values = useData(paths.values(run.id, { key: name, limit: MOST_VALUES, newest_first: true })).value ?? [];
  return (
    <ul>
      {values.map((one) => (
        <li key={one.id}>
          <span class="soft">
            step {one.step}, {clock(one.time)}:
          </span>{" "}
          {typeof one.value === "string" ? one.value : JSON.stringify(one.value)}
        </li>
      ))}
    </ul>
  );
}
