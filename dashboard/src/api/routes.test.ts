import { describe, expect, it } from "vitest";
import { concerns } from "./live";
import { address, paths, processOwner, query } from "./routes";
import type { Changes } from "./types";

describe("query", () => {
  it("leaves out empty values, and keeps 0 and false", () => {
    expect(query({ a: "", b: null, c: undefined })).toBe("");
    expect(query({ a: 0, b: false, c: "x y&z" })).toBe("?a=0&b=false&c=x+y%26z");
  });
});

describe("address", () => {
  it("escapes what stands for the braces", () => {
    expect(address("/api/runs/{run_id}", { run_id: "a/b?c" })).toBe("/api/runs/a%2Fb%3Fc");
  });
});

describe("paths", () => {
  it("name the server's routes", () => {
    expect(paths.sweeps()).toBe("/api/sweeps");
    expect(paths.sweeps("a b")).toBe("/api/sweeps?project=a+b");
    expect(paths.trials("s", null)).toBe("/api/sweeps/s/trials/changes");
    expect(paths.trials("s", 0)).toBe("/api/sweeps/s/trials/changes?since=0");
    expect(paths.buckets(processOwner("r"), "cpu.percent", 9)).toBe(
      "/api/series/process%3Ar/buckets?key=cpu.percent&points=9",
    );
  });

  it("carry the body of a query after a line break", () => {
    const [place, body] = paths.series({ lines: [], x: "step", low: null, high: null, points: 1 }).split("\n");
    expect(place).toBe("/api/series/query");
    expect(JSON.parse(body ?? "")).toMatchObject({ x: "step", points: 1 });
  });
});

describe("concerns", () => {
  const nothing: Changes = { cursor: 1, runs: [], sweeps: [], nodes: [], is_cut: false };
  const run = { id: "r", project: "p", state: "running", rows: 1, changed: 1 } as const;
  const runs: Changes = { ...nothing, runs: [run] };
  const sweeps: Changes = { ...nothing, sweeps: [{ id: "s", changed: 1 }] };
  const nodes: Changes = { ...nothing, nodes: [{ id: "n", changed: 1 }] };

  it.each([
    ["/api/runs?limit=1", runs, true],
    ["/api/runs/query\n{}", runs, true],
    ['/api/runs/query\n{"project":null}', runs, true],
    ['/api/runs/query\n{"project":"p"}', runs, true],
    ['/api/runs/query\n{"project":"another"}', runs, false],
    ["/api/runs?project=p", runs, true],
    ["/api/runs?project=another", runs, false],
    ["/api/runs?project=another", { ...nothing, is_cut: true }, true],
    ["/api/runs/r", runs, true],
    ["/api/runs/other", runs, false],
    ["/api/runs/other", { ...nothing, is_cut: true }, true],
    ["/api/runs/r/console?last=1", runs, true],
    ["/api/series/r", runs, true],
    ["/api/series/n", nodes, true],
    ["/api/series/n", runs, false],
    ["/api/sweeps", sweeps, true],
    ["/api/sweeps/s/trials/changes?since=1", sweeps, true],
    ["/api/sweeps/other", sweeps, false],
    ["/api/nodes", runs, false],
    ["/api/nodes", nodes, true],
    ["/api/nodes/now", runs, true],
    ["/api/projects", runs, true],
    ["/api/console/window?group=g", runs, true],
    ["/api/projects", sweeps, false],
    ["/api/session", runs, false],
    ["/api/runs", nothing, false],
  ])("asks %s again after a change: %#", (path, changes, isConcerned) => {
    expect(concerns(path, changes)).toBe(isConcerned);
  });

  it("asks everything again if anything may have changed", () => {
    expect(concerns("/api/session", null)).toBe(true);
  });
});
