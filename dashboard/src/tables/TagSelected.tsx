/** Gives the chosen runs a tag, or takes it from them. */

import { useState } from "preact/hooks";
import { actions } from "../api/client";
import { useData } from "../api/data";
import { refreshAll } from "../api/live";
import { paths } from "../api/routes";
import type { RunRow } from "../api/types";
import { quoted } from "../base/filter";

export function TagSelected({ selected }: { selected: string[] }) {
  const [tag, setTag] = useState("");
  const [error, setError] = useState("");
  const filter = `id in (${selected.map(quoted).join(", ")})`;
  const rows = useData(
    paths.table({ project: null, filter, sort: [], columns: ["tags"], limit: selected.length, offset: 0 }),
  ).value?.rows;
  const word = tag.trim();
  const tagsOf = (row: RunRow) => (row["tags"] ?? []) as string[];
  const having = rows?.filter((row) => tagsOf(row).includes(word)) ?? [];
  async function change(isGiven: boolean): Promise<void> {
    setError("");
    const wanted = rows?.filter((row) => tagsOf(row).includes(word) !== isGiven) ?? [];
    try {
      for (const row of wanted) {
        await actions.label(row.id, {
          tags: isGiven ? [...tagsOf(row), word] : tagsOf(row).filter((one) => one !== word),
        });
      }
    } catch (refused) {
      setError((refused as Error).message);
    }
    refreshAll();
  }
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (word) void change(true);
      }}
    >
      <input
        class="tag-input"
        aria-label="Tag the selected runs"
        placeholder="tag"
        maxLength={200}
        value={tag}
        onInput={(event) => setTag(event.currentTarget.value)}
      />
      {word && rows && having.length < rows.length && <button class="small">Tag {rows.length - having.length}</button>}
      {word && having.length > 0 && (
        <button type="button" class="small" onClick={() => void change(false)}>
          Untag {having.length}
        </button>
      )}
      {error && <span class="failure">{error}</span>}
    </form>
  );
}
