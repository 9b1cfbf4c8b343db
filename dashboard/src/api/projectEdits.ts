/** Small edits of a project's page, such as a pin: they are repeated if somebody else edits the page meanwhile. */

import { toggled } from "../base/router";
import { actions, get, Refusal } from "./client";
import { paths } from "./routes";
import type { ProjectEdit, ProjectPage } from "./types";

const TRIES = 3;
export const CONFLICT = 409;

export type PageChange = (page: ProjectPage) => Omit<ProjectEdit, "version">;

/** Applies a change to the newest version of a project's page. */
export async function changePage(project: string, change: PageChange): Promise<ProjectPage> {
  for (let left = TRIES; ; left--) {
    const page = await get(paths.project(project));
    try {
      return await actions.editProject(project, { version: page.version, ...change(page) });
    } catch (error) {
      if (left <= 1 || !(error instanceof Refusal) || error.status !== CONFLICT) throw error;
    }
  }
}

/** Adds runs to the pinned ones. */
export function withRuns(ids: string[]): PageChange {
  return ({ runs }) => ({ runs: [...new Set([...runs, ...ids])] });
}

/** Pins a run, or takes its pin away. */
export function withRunToggled(id: string): PageChange {
  return ({ runs }) => ({ runs: toggled(runs, id) });
}

/** Adds a view. It replaces another one of the same name. */
export function withView(name: string, address: string): PageChange {
  return ({ views }) => ({ views: [...views.filter((view) => view.name !== name), { name, address }] });
}

export function withoutReport(name: string): PageChange {
  return ({ reports }) => ({ reports: reports.filter((report) => report.name !== name) });
}

export function withoutView(name: string): PageChange {
  return ({ views }) => ({ views: views.filter((view) => view.name !== name) });
}
