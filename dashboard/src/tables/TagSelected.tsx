/** Adds a tag to the selected runs, or removes it from them. */

import { useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { RunRow } from "../api/types";
import type { RunsView } from "./useRunsView";
import { useSelectedRows } from "./useSelectedRows";

export function TagSelected({ view }: { view: RunsView }) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState("");
  const rows = useSelectedRows(view, ["tags"]);
  const tag = typed.trim();
  const having = rows?.filter((row) => tagsOf(row).includes(tag)) ?? [];
  const lacking = rows?.filter((row) => !tagsOf(row).includes(tag)) ?? [];
  async function change(runs: RunRow[], next: (tags: string[]) => string[]): Promise<void> {
    setError("");
    try {
      for (const run of runs) await actions.label(run.id, { tags: next(tagsOf(run)) });
    } catch (refusal) {
      setError(errorText(refusal));
    }
    refreshAll();
  }
  const add = () => void change(lacking, (tags) => [...tags, tag]);
  const remove = () => void change(having, (tags) => tags.filter((one) => one !== tag));
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (tag) add();
      }}
    >
      <input
        class="tag-input"
        aria-label="Tag the selected runs"
        placeholder="tag"
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {tag && lacking.length > 0 && (
        <button type="submit" class="small">
          Tag {lacking.length}
        </button>
      )}
      {tag && having.length > 0 && (
        <button type="button" class="small" onClick={remove}>
          Untag {having.length}
        </button>
      )}
      {error && <span class="failure">{error}</span>}
    </form>
  );
}

function tagsOf(row: RunRow): string[] {
  return (row["tags"] ?? []) as string[];
}
