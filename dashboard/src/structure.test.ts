import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** Which folders the files of a folder may import. Imports go down only. */
const MAY_IMPORT: Record<string, string[]> = {
  base: [],
  api: ["base"],
  charts: ["api", "base"],
  tables: ["api", "base", "charts"],
  media: ["api", "base"],
  compare: ["api", "base", "charts", "media", "tables"],
  panels: ["api", "base", "charts", "media", "tables"],
  report: ["api", "base", "charts", "sweep", "tables"],
  sweep: ["api", "base", "charts", "panels", "tables"],
  project: ["api", "base", "panels", "tables"],
  pages: ["api", "base", "charts", "compare", "media", "panels", "project", "report", "sweep", "tables"],
};

function importsOf(folder: string): string[] {
  const path = join(import.meta.dirname, folder);
  return readdirSync(path)
    .filter((name) => /\.(ts|tsx|css)$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(path, name), "utf8");
      const found = [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].map((match) => match[1] ?? "");
      return found.map((target) => relative(import.meta.dirname, resolve(path, target)).split("/")[0] ?? "");
    })
    .filter((target) => target !== folder);
}

describe("the folders", () => {
  it("are all in the table", () => {
    const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it.each(Object.entries(MAY_IMPORT))("%s imports only what lies below it", (folder, allowed) => {
    expect(importsOf(folder).filter((target) => !allowed.includes(target))).toEqual([]);
  });
});
