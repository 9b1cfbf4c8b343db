/** A text of a project in Markdown, which can be edited in place with a preview. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ProjectPage } from "../api/types";
import { Failure } from "../base/Failure";
import { Markdown } from "../base/Markdown";
import { useCanEdit } from "../base/permissions";
import { Section } from "../base/Section";
import { Tabs } from "../base/Tabs";
import { whoOf } from "../base/who";
import { type TextDraft, type TextPlace, useTextDraft } from "./useTextDraft";
import "./TextSection.css";

const TABS = ["Write", "Preview"] as const;
const MOST_CHARACTERS = 100_000;

interface Props {
  page: ProjectPage;
  place: TextPlace;
  /** What the text is, for the button that edits it. */
  name: string;
  title: string;
  /** Explains what to write. It is shown until somebody writes a text. */
  purpose: string;
  /** Draws the text. */
  draw?: (text: string) => ComponentChildren;
}

const asMarkdown = (text: string) => <Markdown text={text} />;

export function TextSection({ page, place, name, title, purpose, draw = asMarkdown }: Props) {
  const draft = useTextDraft(page, place);
  const canEdit = useCanEdit();
  const text = place.read(page);
  if (!text && !canEdit) return null;
  const edit = canEdit && draft.typed === null && (
    <button type="button" class="small" onClick={draft.begin} aria-label={`Edit the ${name}`}>
      Edit
    </button>
  );
  return (
    <Section title={title} aside={edit}>
      {draft.typed !== null ? (
        <Editor {...{ draft, title, place, draw }} />
      ) : text ? (
        draw(text)
      ) : (
        <p class="soft">{purpose}</p>
      )}
    </Section>
  );
}

interface EditorProps extends Pick<Props, "title" | "place"> {
  draft: TextDraft;
  draw: (text: string) => ComponentChildren;
}

function Editor({ draft, title, place, draw }: EditorProps) {
  const [tab, setTab] = useState<(typeof TABS)[number]>("Write");
  const typed = draft.typed ?? "";
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  return (
    <form
      class="text-editor"
      onSubmit={(event) => {
        event.preventDefault();
        void draft.save();
      }}
    >
      <div class="inline">
        <Tabs tabs={TABS} value={tab} onChange={setTab} />
        <span class="soft">Markdown</span>
      </div>
      {tab === "Write" ? (
        <textarea
          ref={area}
          aria-label={title}
          rows={Math.min(24, Math.max(8, typed.split("\n").length + 1))}
          maxLength={MOST_CHARACTERS}
          value={typed}
          onInput={(event) => draft.type(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void draft.save()}
        />
      ) : (
        <div class="text-preview">{typed ? draw(typed) : <p class="soft">Nothing yet.</p>}</div>
      )}
      {draft.theirs && <Conflict theirs={draft.theirs} place={place} />}
      <Failure error={draft.error} />
      <div class="inline">
        <button type="submit" class="primary" disabled={!draft.isChanged}>
          {draft.theirs ? "Replace it with mine" : "Save"}
        </button>
        <button type="button" onClick={draft.end}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Conflict({ theirs, place }: { theirs: ProjectPage; place: TextPlace }) {
  return (
    <div class="text-conflict" role="alert">
      <p>
        <b>{whoOf(theirs.edited_by ?? "", "")}</b> has edited this text meanwhile. It now reads:
      </p>
      <div class="text-preview">
        <Markdown text={place.read(theirs)} />
      </div>
    </div>
  );
}
