/** A run in words: what it was given, where it came to, what people wrote at it, what it was made with. */

import { useEffect, useState } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import type { ConsoleLine, Run } from "../api/types";
import { clock, flat, measured } from "../base/format";
import { Command, Section } from "../base/Page";
import { Pairs } from "../base/Pairs";
import { byMetricRank } from "../base/ranking";
import { contents, ENVIRONMENT, loadJson } from "../media/contents";
import { Labels } from "./Labels";

const STACK_LINES = 5000;

export function Overview({ run, other, onOther }: { run: Run; other: string; onOther: (id: string) => void }) {
  const siblings = useData(paths.runs({ project: run.project, limit: 200 })).value?.runs ?? [];
  const against = useData(other ? paths.run(other) : null).value;
  const choices = against && !siblings.some((one) => one.id === other) ? [against, ...siblings] : siblings;
  const summary = Object.entries(flat(run.summary))
    .sort(([a], [b]) => byMetricRank(a, b))
    .map(([key, given]): [string, string] => [key, measured(key, given, 6)]);
  return (
    <>
      <Stacks run={run} />
      <div class="two columns">
        <div>
          <Section
            title="Configuration"
            note={against && `beside ${against.name}: what differs comes first`}
            aside={
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
            }
          >
            <Pairs values={flat(run.config)} {...(against ? { against: flat(against.config) } : {})} />
          </Section>
          <Surroundings run={run} />
        </div>
        <div>
          <Labels run={run} />
          <Section title="Last values">
            <dl class="pairs">
              {summary.map(([key, text]) => (
                <div key={key}>
                  <dt>{key}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </Section>
        </div>
      </div>
    </>
  );
}

interface Made {
  command?: string[];
  folder?: string;
  python?: string;
  platform?: string;
  packages?: Record<string, string>;
  git?: Record<string, string>;
}

/** What the run was made with: its own command line, and what a fit's rank 0 told of commit and versions. */
function Surroundings({ run }: { run: Run }) {
  const entries = useData(contents.entries(run.id, ENVIRONMENT)).value ?? [];
  const digest = entries.findLast((entry) => entry.is_stored)?.digest ?? "";
  const [made, setMade] = useState<Made>({});
  useEffect(() => {
    let isOver = false;
    if (digest)
      loadJson<Made>(digest).then(
        (found) => isOver || setMade(found),
        () => {},
      ); // a content may be gone: nothing to tell then
    return () => {
      isOver = true;
    };
  }, [digest]);
  const command = made.command ?? run.command;
  const { commit, branch } = made.git ?? {};
  const facts: [string, string | undefined][] = [
    ["commit", commit && `${commit.slice(0, 12)}${branch ? ` on ${branch}` : ""}`],
    ["folder", made.folder],
    ["user", run.user || undefined],
    ["host", run.host],
    ["GPUs", run.gpus.join(", ") || undefined],
    ["Python", made.python],
    ["platform", made.platform],
    ...Object.entries(made.packages ?? {}),
  ];
  return (
    <Section title="Made with">
      {command.length > 0 && <Command>{command.map(quotedForShell).join(" ")}</Command>}
      <dl class="pairs">
        {facts.map(
          ([name, given]) =>
            given && (
              <div key={name}>
                <dt>{name}</dt>
                <dd title={name === "commit" ? commit : undefined}>{given}</dd>
              </div>
            ),
        )}
      </dl>
    </Section>
  );
}

function quotedForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Where the run's threads stood when it logged nothing for long: a dump each time it was asked. */
function Stacks({ run }: { run: Run }) {
  const lines = useData(paths.console(run.id, { last: STACK_LINES, stream: "stacks" })).value ?? [];
  if (!lines.length) return null;
  const dumps = [...Map.groupBy(lines, (line: ConsoleLine) => line.time)].reverse();
  return (
    <Section
      title="Where it stood still"
      note={`${dumps.length === 1 ? "once" : `${dumps.length} times`}; the stacks of all its Python threads`}
    >
      {dumps.map(([time, dump], at) => (
        <details key={time} open={at === 0}>
          <summary>
            {clock(time)} <span class="soft">{dump[0]!.line}</span>
          </summary>
          <pre class="console" tabIndex={0}>
            {dump
              .slice(1)
              .map((line) => line.line)
              .join("\n")}
          </pre>
        </details>
      ))}
    </Section>
  );
}
