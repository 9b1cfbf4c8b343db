/** The media of one key at a step. Nothing is loaded until the section is visible. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import type { MediaEntry, MediaKey, Run } from "../api/types";
import { Failure } from "../base/Failure";
import { Section } from "../base/Section";
import { useHasBeenVisible } from "../base/visibility";
import { contents, HISTOGRAM, MISSING_MS, MOST_ENTRIES } from "./contents";
import { HistogramsOverTime } from "./HistogramsOverTime";
import { Item } from "./Item";
import { entriesAt, type StepView } from "./mediaSteps";

interface Props {
  run: Run;
  media: MediaKey;
  step: number;
  onStep: (step: number) => void;
}

const NONE: MediaEntry[] = [];

export function MediaSection({ run, media, step, onStep }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const hasBeenVisible = useHasBeenVisible(root);
  const [isMissing, setMissing] = useState(false);
  const path = hasBeenVisible ? contents.entries(run.id, media.key) : null;
  const { value: entries = NONE, error } = useData(path, isMissing ? MISSING_MS : 0);
  const lacks = entries.some((entry) => !entry.is_stored);
  useEffect(() => setMissing(lacks), [lacks]);
  const view = entriesAt(entries, step);
  const { steps, at, shown } = view;
  const hasRanks = new Set(entries.map((entry) => entry.rank)).size > 1;
  const limit = entries.length >= MOST_ENTRIES ? `, the first ${MOST_ENTRIES} entries` : "";
  return (
    <div ref={root}>
      <Section
        title={media.key}
        note={stepText(media, view) + limit}
        aside={steps.length > 1 && <StepButtons name={media.key} view={view} onStep={onStep} />}
      >
        <Failure error={error} />
        {media.mime === HISTOGRAM && steps.length > 1 && (
          <HistogramsOverTime label={media.key} entries={entries} step={steps[at] ?? step} onStep={onStep} />
        )}
        <div class={`media${shown.length === 1 ? " single" : ""}`}>
          {shown.map((entry) => (
            <Item key={entry.id} entry={entry} hasRank={hasRanks} />
          ))}
        </div>
      </Section>
    </div>
  );
}

function stepText(media: MediaKey, { steps, at }: StepView): string {
  if (at < 0) return `starts at step ${media.first_step}`;
  return `step ${steps[at]}${steps.length > 1 ? ` · ${at + 1} of ${steps.length}` : ""}`;
}

interface StepButtonsProps {
  name: string;
  view: StepView;
  onStep: (step: number) => void;
}

function StepButtons({ name, view: { steps, at }, onStep }: StepButtonsProps) {
  const button = (label: string, sign: string, to: number | undefined) => (
    <button
      type="button"
      class="quiet small"
      aria-label={`${name}: ${label}`}
      disabled={to === undefined}
      onClick={() => to !== undefined && onStep(to)}
    >
      {sign}
    </button>
  );
  return (
    <>
      {button("previous step", "‹", at < 1 ? undefined : steps[at - 1])}
      {button("next step", "›", steps[at + 1])}
    </>
  );
}
