/** The editing of one of a project's texts. An edit never replaces a text that its writer has not seen. */

import { useState } from "preact/hooks";
import { actions, errorText, get, Refusal } from "../api/client";
import { refreshAll } from "../api/live";
import { CONFLICT } from "../api/projectEdits";
import { paths } from "../api/routes";
import type { ProjectPage } from "../api/types";

export type TextName = "description" | "notes";

interface Draft {
  typed: string;
  /** The text that the draft began with, or that its writer has seen since. */
  seen: string;
  version: number;
}

export interface TextDraft {
  /** Null: the text is not being edited. */
  typed: string | null;
  isChanged: boolean;
  error: string;
  /** What somebody else has made of the text meanwhile. */
  theirs: ProjectPage | null;
  begin: () => void;
  type: (text: string) => void;
  save: () => Promise<void>;
  end: () => void;
}

export function useTextDraft(page: ProjectPage, name: TextName): TextDraft {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [theirs, setTheirs] = useState<ProjectPage | null>(null);
  const [error, setError] = useState("");
  function end(): void {
    setDraft(null);
    setTheirs(null);
    setError("");
  }
  async function save({ typed, seen, version }: Draft): Promise<void> {
    setError("");
    try {
      await actions.editProject(page.name, { version, [name]: typed });
      end();
      refreshAll();
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.status !== CONFLICT) return setError(errorText(refusal));
      const newest = await get(paths.project(page.name));
      const next = { typed, seen: newest[name], version: newest.version };
      setDraft(next);
      if (newest[name] === seen) return save(next); // somebody has edited something else on the page
      setTheirs(newest);
    }
  }
  return {
    typed: draft?.typed ?? null,
    isChanged: draft !== null && draft.typed !== draft.seen,
    ...{ error, theirs, end },
    begin: () => setDraft({ typed: page[name], seen: page[name], version: page.version }),
    type: (typed) => setDraft((before) => before && { ...before, typed }),
    save: async () => {
      if (draft) await save(draft).catch((reason) => setError(errorText(reason)));
    },
  };
}
