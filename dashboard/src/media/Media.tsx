/** What a run has logged besides numbers: a section for each key, one step for all of them. */

import { useData } from "../api/data";
import type { MediaKey, Run } from "../api/types";
import { Failure } from "../base/Failure";
import { useParam } from "../base/router";
import { contents, ENVIRONMENT } from "./contents";
import { MediaSection } from "./MediaSection";
import "./Media.css";

export function Media({ run }: { run: Run }) {
  const { value: all = [], error, isLoading } = useData(contents.keys(run.id));
  const keys = all.filter((one) => one.key !== ENVIRONMENT);
  if (error) return <Failure error={error} />;
  if (!keys.length) return isLoading ? null : <Hint />;
  return <Sections run={run} keys={keys} />;
}

function Hint() {
  return (
    <p class="empty">
      No media yet. In a program: <code>logger.log_image("samples", [image])</code>, or <code>log_table</code>,{" "}
      <code>log_histogram</code>, <code>log_audio</code>, <code>log_video</code>, <code>log_figure</code>.
    </p>
  );
}

function Sections({ run, keys }: { run: Run; keys: MediaKey[] }) {
  const [words, setWords] = useParam("find");
  const [stepText, setStepText] = useParam("step");
  const first = Math.min(...keys.map((one) => one.first_step));
  const last = Math.max(...keys.map((one) => one.last_step));
  const step = stepText === "" ? last : Number(stepText);
  const setStep = (next: number) => setStepText(next >= last ? "" : String(next));
  const shown = keys.filter((one) => one.key.toLowerCase().includes(words.toLowerCase()));
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
              onInput={(event) => setStep(Number(event.currentTarget.value))}
            />
            <output>{stepText === "" ? `${last}, the newest` : `up to ${step}`}</output>
          </label>
        )}
      </div>
      {shown.map((one) => (
        <MediaSection key={one.key} run={run} media={one} step={step} onStep={setStep} />
      ))}
    </>
  );
}
