/** The overview of a run: its configuration, last values, labels and environment. */

import type { ComponentChildren } from "preact";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { CopyButton } from "../base/CopyButton";
import { flat, measured } from "../base/format";
import { ComparedPairs, Pairs } from "../base/Pairs";
import { useCanEdit } from "../base/permissions";
import { Rounded } from "../base/Rounded";
import { byMetricRank } from "../base/ranking";
import { Section } from "../base/Section";
import { ConfigDialog } from "./ConfigDialog";
import { Environment } from "./Environment";
import { Events } from "./Events";
import { Labels } from "./Labels";
import { LoggedTexts } from "./LoggedTexts";
import { RejectedRecords } from "./Rejected";
import { Stacks } from "./Stacks";
import "./Overview.css";

/** How many runs of the project are offered for a comparison. */
const MOST_CHOICES = 200;

interface Props {
  run: Run;
  /** The id of the run that it is compared with; empty: none. */
  other: string;
  onOther: (id: string) => void;
}

export function Overview({ run, other, onOther }: Props) {
  const summary = Object.entries(flat(run.summary))
    .sort(([a], [b]) => byMetricRank(a, b))
    .map(([key, given]): [string, ComponentChildren] => [
      key,
      <Rounded key={key} given={given}>
        {measured(key, given, 6)}
      </Rounded>,
    ]);
  return (
    <>
      <Stacks run={run} />
      <Events run={run} />
      <RejectedRecords run={run} />
      <div class="two columns">
        <div>
          <Configuration run={run} other={other} onOther={onOther} />
          <Environment run={run} />
        </div>
        <div>
          <Labels run={run} />
          <Section title="Last values">
            <Pairs pairs={summary} />
          </Section>
          <LoggedTexts run={run} />
        </div>
      </div>
    </>
  );
}

function Configuration({ run, other, onOther }: Props) {
  const canEdit = useCanEdit();
  const siblings = useData(paths.runs({ project: run.project, limit: MOST_CHOICES })).value?.runs ?? [];
  const against = useData(other ? paths.run(other) : null).value;
  const choices = against && !siblings.some((one) => one.id === other) ? [against, ...siblings] : siblings;
  return (
    <Section
      title="Configuration"
      note={against && `beside ${against.name}: differences come first`}
      aside={
        <>
          <CopyButton text={JSON.stringify(run.config, null, 2)} label="Copy the configuration as JSON" />
          {canEdit && <ConfigDialog run={run} />}
          <label>
            against
            <select value={other} onChange={(event) => onOther(event.currentTarget.value)}>
              <option value="">none</option>
              {choices
                .filter((one) => one.id !== run.id)
                .map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
            </select>
          </label>
        </>
      }
    >
      <ComparedPairs values={flat(run.config)} {...(against ? { against: flat(against.config) } : {})} />
    </Section>
  );
}
