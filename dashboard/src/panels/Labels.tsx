/** The tags and notes that people give a run. */

import { useEffect, useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { Run, RunLabels } from "../api/types";
import { Failure } from "../base/Failure";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import "./Labels.css";

const MOST_TAG_CHARACTERS = 200;

export function Labels({ run }: { run: Run }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const change = (labels: RunLabels) => {
    setError("");
    actions.label(run.id, labels).then(refreshAll, (refusal) => setError(errorText(refusal)));
  };
  if (!canEdit && !run.tags.length && !run.notes) return null;
  return (
    <Section title="Tags and notes">
      <Tags tags={run.tags} onChange={canEdit ? (tags) => change({ tags }) : undefined} />
      {canEdit && <Notes notes={run.notes} onSave={(notes) => change({ notes })} />}
      {!canEdit && run.notes && <p class="notes-text">{run.notes}</p>}
      <Failure error={error} />
    </Section>
  );
}

function Tags({ tags, onChange }: { tags: string[]; onChange: ((tags: string[]) => void) | undefined }) {
  return (
    <div class="chips">
      {tags.map((tag) => (
        <span class="chip" key={tag}>
          {tag}
          {onChange && (
            <button
              type="button"
              class="chip-end"
              aria-label={`Remove the tag ${tag}`}
              onClick={() => onChange(tags.filter((one) => one !== tag))}
            >
              ✕
            </button>
          )}
        </span>
      ))}
      {onChange && <NewTag onAdd={(tag) => onChange([...tags, tag])} />}
    </div>
  );
}

function NewTag({ onAdd }: { onAdd: (tag: string) => void }) {
  const [typed, setTyped] = useState("");
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) onAdd(typed.trim());
        setTyped("");
      }}
    >
      <input
        class="tag-input"
        aria-label="Add a tag"
        placeholder="add a tag"
        maxLength={MOST_TAG_CHARACTERS}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </form>
  );
}

function Notes({ notes, onSave }: { notes: string; onSave: (notes: string) => void }) {
  const [typed, setTyped] = useState(notes);
  useEffect(() => setTyped(notes), [notes]);
  return (
    <>
      <textarea
        class="notes"
        aria-label="Notes"
        placeholder="Notes"
        rows={3}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {typed !== notes && (
        <div class="inline">
          <button type="button" class="primary" onClick={() => onSave(typed)}>
            Save notes
          </button>
          <button type="button" onClick={() => setTyped(notes)}>
            Discard changes
          </button>
        </div>
      )}
    </>
  );
}
