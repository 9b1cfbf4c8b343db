/** The environment of a run: its command line, commit and versions. */

import { useEffect, useState } from "preact/hooks";
import { useData } from "../api/data";
import type { Run } from "../api/types";
import { Command } from "../base/Command";
import { Pairs } from "../base/Pairs";
import { Section } from "../base/Section";
import { quotedForShell } from "../base/shell";
import { contents, ENVIRONMENT, loadJson } from "../media/contents";

/** What rank 0 of a fit logs. */
interface Recorded {
  command?: string[];
  folder?: string;
  python?: string;
  platform?: string;
  packages?: Record<string, string>;
  git?: Record<string, string>;
}

const COMMIT_CHARACTERS = 12;

export function Environment({ run }: { run: Run }) {
  const recorded = useRecorded(run);
  const command = recorded.command ?? run.command;
  return (
    <Section title="Environment">
      {command.length > 0 && <Command>{command.map(quotedForShell).join(" ")}</Command>}
      <Pairs pairs={factsOf(run, recorded)} />
    </Section>
  );
}

function useRecorded(run: Run): Recorded {
  const entries = useData(contents.entries(run.id, ENVIRONMENT)).value ?? [];
  const digest = entries.findLast((entry) => entry.is_stored)?.digest ?? "";
  const [recorded, setRecorded] = useState<Recorded>({});
  useEffect(() => {
    let isOver = false;
    const take = (found: Recorded) => isOver || setRecorded(found);
    if (digest) loadJson<Recorded>(digest).then(take, () => {}); // a deleted blob has no content to show
    return () => {
      isOver = true;
    };
  }, [digest]);
  return recorded;
}

function factsOf(
  run: Run,
  { git = {}, folder, python, platform, packages = {} }: Recorded,
): [string, string, string?][] {
  const { commit = "", branch } = git;
  const facts: [string, string | undefined, string?][] = [
    ["commit", commit && `${commit.slice(0, COMMIT_CHARACTERS)}${branch ? ` on ${branch}` : ""}`, commit],
    ["folder", folder],
    ["user", run.user],
    ["host", run.host],
    ["GPUs", run.gpus.join(", ")],
    ["Python", python],
    ["platform", platform],
    ...Object.entries(packages),
  ];
  return facts.flatMap(([name, text, title]): [string, string, string?][] => {
    if (!text) return [];
    return title ? [[name, text, title]] : [[name, text]];
  });
}
