/** What a run has logged besides numbers: a section a key, one step for all of them. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import type { MediaEntry, MediaKey, Run } from "../api/types";
import { Failure, Section } from "../base/Page";
import { useParam } from "../base/router";
import { useHasBeenVisible } from "../base/visibility";
import { contents, ENVIRONMENT, HISTOGRAM, MISSING_MS, MOST_ENTRIES } from "./contents";
import { HistogramsOverTime } from "./Histograms";
import { Item } from "./Item";

export function Media({ run }: { run: Run }) {
  const { value: keys, error } = useData(contents.keys(run.id));
  const [words, setWords] = useParam("find");
  const [stepText, setStep] = useParam("step");
  if (error) return <Failure error={error} />;
  const all = keys?.filter((one) => one.key !== ENVIRONMENT) ?? [];
  if (keys && !all.length) {
    return (
      <p class="empty">
        No media yet. In a program: <code>logger.log_image("samples", [image])</code>, or <code>log_table</code>,{" "}
        <code>log_histogram</code>, <code>log_audio</code>, <code>log_video</code>, <code>log_figure</code>.
      </p>
    );
  }
  const first = Math.min(...all.map((one) => one.first_step));
  const last = Math.max(...all.map((one) => one.last_step));
  const step = stepText === "" ? last : Number(stepText);
  const shown = all.filter((one) => one.key.toLowerCase().includes(words.toLowerCase()));
  return (
    <>
      <div class="toolbar">
        <input
          type="search"
          placeholder="Search media"
          aria-label="Search media"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        {last > first && (
          <label class="slider long">
            Step
            <input
              type="range"
              min={first}
              max={last}
              value={step}
              onInput={(event) => setStep(Number(event.currentTarget.value) >= last ? "" : event.currentTarget.value)}
            />
            <output>{stepText === "" ? `${last}, the newest` : `up to ${step}`}</output>
          </label>
        )}
      </div>
      {shown.map((one) => (
        <KeySection
          key={one.key}
          run={run}
          of={one}
          step={step}
          onStep={(next) => setStep(next >= last ? "" : String(next))}
        />
      ))}
    </>
  );
}

function KeySection({
  run,
  of,
  step,
  onStep,
}: {
  run: Run;
  of: MediaKey;
  step: number;
  onStep: (step: number) => void;
}) {
  const root = useRef<HTMLDivElement>(null);
  const isVisible = useHasBeenVisible(root);
  const [isLacking, setLacking] = useState(false);
  const { value: entries = [], error } = useData(
    isVisible ? contents.entries(run.id, of.key) : null,
    isLacking ? MISSING_MS : 0,
  );
  const lacks = entries.some((entry) => !entry.is_stored);
  useEffect(() => setLacking(lacks), [lacks]);
  const steps = [...new Set(entries.map((entry) => entry.step))].sort((a, b) => a - b);
  const at = steps.findLastIndex((one) => one <= step);
  const shown = at < 0 ? [] : ordered(entries.filter((entry) => entry.step === steps[at]));
  const hasRanks = new Set(entries.map((entry) => entry.rank)).size > 1;
  const said =
    at < 0
      ? `begins at step ${of.first_step}`
      : `step ${steps[at]}${steps.length > 1 ? ` · ${at + 1} of ${steps.length}` : ""}`;
  return (
    <div ref={root}>
      <Section
        title={of.key}
        note={`${said}${entries.length >= MOST_ENTRIES ? `, the first ${MOST_ENTRIES} entries` : ""}`}
        aside={
          steps.length > 1 && (
            <>
              <button
                type="button"
                class="quiet small"
                aria-label={`${of.key}: the step before`}
                disabled={at < 1}
                onClick={() => onStep(steps[at - 1]!)}
              >
                ‹
              </button>
              <button
                type="button"
                class="quiet small"
                aria-label={`${of.key}: the next step`}
                disabled={at >= steps.length - 1}
                onClick={() => onStep(steps[at + 1]!)}
              >
                ›
              </button>
            </>
          )
        }
      >
        <Failure error={error} />
        {of.mime === HISTOGRAM && steps.length > 1 && (
          <HistogramsOverTime label={of.key} entries={entries} step={steps[at] ?? step} onStep={onStep} />
        )}
        <div class={`media${shown.length === 1 ? " single" : ""}`}>
          {shown.map((entry) => (
            <Item key={entry.id} entry={entry} isRankTold={hasRanks} />
          ))}
        </div>
      </Section>
    </div>
  );
}

/** Returns entries by index, then by rank; of the same logged twice only the newest. */
function ordered(entries: MediaEntry[]): MediaEntry[] {
  const newest = new Map(entries.map((entry) => [`${entry.rank} ${entry.index}`, entry]));
  return [...newest.values()].sort((a, b) => a.index - b.index || a.rank - b.rank);
}
