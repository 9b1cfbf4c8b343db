/** What could not be stored, and why: records of one run, or journals that stay on their machines. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { Command } from "../base/Command";
import { clock } from "../base/format";
import { Section } from "../base/Section";

const RETRY = "lightning-sweeps sync --retry";

export function RejectedRecords({ run }: { run: Run }) {
  const records = useData(run.rejected ? paths.rejectedRecords(run.id) : null).value ?? [];
  if (!records.length) return null;
  return (
    <Section title="Records that could not be stored" note={`${run.rejected} of this run`}>
      <ul>
        {records.map((record) => (
          <li key={`${record.journal}-${record.offset}`}>
            {clock(record.time)} <span class="soft">byte {record.offset}:</span> {record.reason}
          </li>
        ))}
      </ul>
      <Command>{RETRY}</Command>
    </Section>
  );
}

export function RejectedJournals() {
  const journals = useData(paths.rejected()).value?.journals ?? [];
  if (!journals.length) return null;
  return (
    <Section title="Journals that could not be stored" note="they stay on their machines">
      <ul>
        {journals.map((journal) => (
          <li key={journal.id}>
            {journal.host} <span class="soft">{journal.path}:</span> {journal.reason}
          </li>
        ))}
      </ul>
      <Command>{RETRY}</Command>
    </Section>
  );
}
