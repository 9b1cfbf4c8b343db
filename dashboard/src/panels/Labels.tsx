/** Tags and notes: what people write at a run. */

import { useEffect, useState } from "preact/hooks";
import { actions } from "../api/client";
import { refreshAll } from "../api/live";
import type { Run } from "../api/types";
import { Failure, Section } from "../base/Page";
import { useCanEdit } from "../base/permissions";

export function Labels({ run }: { run: Run }) {
  const canEdit = useCanEdit();
  const [notes, setNotes] = useState(run.notes);
  const [added, setAdded] = useState("");
  const [error, setError] = useState("");
  useEffect(() => setNotes(run.notes), [run.notes]);
  const change = (labels: { tags?: string[]; notes?: string }) => {
    setError("");
    actions.label(run.id, labels).then(refreshAll, (refused: Error) => setError(refused.message));
  };
  if (!canEdit && !run.tags.length && !run.notes) return null;
  return (
    <Section title="Tags and notes">
      <div class="chips">
        {run.tags.map((tag) => (
          <span class="chip" key={tag}>
            {tag}
            {canEdit && (
              <button
                type="button"
                class="chip-end"
                aria-label={`Remove the tag ${tag}`}
                onClick={() => change({ tags: run.tags.filter((one) => one !== tag) })}
              >
                ✕
              </button>
            )}
          </span>
        ))}
        {canEdit && (
          <form
            class="inline"
            onSubmit={(event) => {
              event.preventDefault();
              if (added.trim()) change({ tags: [...run.tags, added.trim()] });
              setAdded("");
            }}
          >
            <input
              class="tag-input"
              aria-label="Add a tag"
              placeholder="add a tag"
              maxLength={200}
              value={added}
              onInput={(event) => setAdded(event.currentTarget.value)}
            />
          </form>
        )}
      </div>
      {canEdit ? (
        <>
          <textarea
            class="notes"
            aria-label="Notes"
            placeholder="Notes"
            rows={3}
            value={notes}
            onInput={(event) => setNotes(event.currentTarget.value)}
          />
          {notes !== run.notes && (
            <div class="inline">
              <button type="button" class="primary" onClick={() => change({ notes })}>
                Save notes
              </button>
              <button type="button" onClick={() => setNotes(run.notes)}>
                Leave them
              </button>
            </div>
          )}
        </>
      ) : (
        run.notes && <p class="notes-text">{run.notes}</p>
      )}
      <Failure error={error} />
    </Section>
  );
}
