/** What happened to a run besides its own end, such as a child process that was killed. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { clock } from "../base/format";
import { Section } from "../base/Section";

const MOST_LINES = 100;

export function Events({ run }: { run: Run }) {
  const lines = useData(paths.console(run.id, { last: MOST_LINES, stream: "event" })).value ?? [];
  if (!lines.length) return null;
  return (
    <Section title="Events">
      <ul>
        {lines.map((line) => (
          <li key={line.id}>
            {clock(line.time)} <span class="soft">{line.line}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
