/** The editing of one of a project's texts. An edit never replaces a text that its writer has not seen. */

import { useState } from "preact/hooks";
import { actions, errorText, get, Refusal } from "../api/client";
import { refreshAll } from "../api/live";
import { CONFLICT } from "../api/projectEdits";
import { paths } from "../api/routes";
import type { ProjectEdit, ProjectPage } from "../api/types";

/** One of the texts of a project: where it is in the page, and the edit that replaces it. */
export interface TextPlace {
  read: (page: ProjectPage) => string;
  write: (text: string, page: ProjectPage) => Omit<ProjectEdit, "version">;
}

export const DESCRIPTION: TextPlace = {
  read: (page) => page.description,
  write: (description) => ({ description }),
};
export const NOTES: TextPlace = { read: (page) => page.notes, write: (notes) => ({ notes }) };

/** Returns the place of a report, which may be new. */
export function reportPlace(name: string): TextPlace {
  return {
    read: ({ reports }) => reports.find((one) => one.name === name)?.text ?? "",
    write: (text, { reports }) => ({ reports: [...reports.filter((one) => one.name !== name), { name, text }] }),
  };
}

interface Draft {
  typed: string;
  /** The text that the draft began with, or that its writer has seen since. */
  seen: string;
  /** The page as its writer has read it. */
  page: ProjectPage;
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

export function useTextDraft(page: ProjectPage, { read, write }: TextPlace): TextDraft {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [theirs, setTheirs] = useState<ProjectPage | null>(null);
  const [error, setError] = useState("");
  function end(): void {
    setDraft(null);
    setTheirs(null);
    setError("");
  }
  async function save({ typed, seen, page: known }: Draft): Promise<void> {
    setError("");
    try {
      await actions.editProject(page.name, { version: known.version, ...write(typed, known) });
      end();
      refreshAll();
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.status !== CONFLICT) return setError(errorText(refusal));
      const newest = await get(paths.project(page.name));
      const next = { typed, seen: read(newest), page: newest };
      setDraft(next);
      if (read(newest) === seen) return save(next); // somebody has edited something else on the page
      setTheirs(newest);
    }
  }
  return {
    typed: draft?.typed ?? null,
    isChanged: draft !== null && draft.typed !== draft.seen,
    ...{ error, theirs, end },
    begin: () => setDraft({ typed: read(page), seen: read(page), page }),
    type: (typed) => setDraft((before) => before && { ...before, typed }),
    save: async () => {
      if (draft) await save(draft).catch((reason) => setError(errorText(reason)));
    },
  };
}
