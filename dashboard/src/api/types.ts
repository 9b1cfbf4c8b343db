/** Names the types of the server's API. All of them come from `schema.ts`, which is generated from its OpenAPI document. */

import type { components, paths } from "./schema";

type Schemas = components["schemas"];

type Answer<Name extends keyof Schemas> = Schemas[Name];

export type Agent = Answer<"Agent">;
export type Artifact = Answer<"Artifact">;
export type ArtifactFile = Answer<"ArtifactFile">;
export type ArtifactUse = Answer<"ArtifactUse">;
export type Change = Answer<"Change">;
export type Changes = Answer<"Changes">;
export type ConsoleLine = Answer<"NumberedLine">;
export type ConsoleWindow = Answer<"ConsoleWindow">;
export type GroupLine = Answer<"GroupLine">;
export type MediaEntry = Answer<"MediaEntry">;
export type MediaKey = Answer<"MediaKey">;
export type ModelPoint = Answer<"ModelPoint">;
export type ModelSlice = Answer<"ModelSlice">;
export type Node = Answer<"Node">;
/** An agent of a node, with its sweep's name, its trial and its lease. */
export type NodeAgent = Answer<"NodeAgent">;
export type NodeGpu = Answer<"NodeGpu">;
/** A run that is running on a node, with the newest sample of its processes. */
export type NodeRun = Answer<"NodeRun">;
/** A node with its runs and agents. Only the agents are known of a machine without a service. */
export type NodeStatus = Answer<"NodeStatus">;
export type Problem = Answer<"Problem">;
export type ProjectPage = Answer<"ProjectPage">;
/** New values for a project's page, and the version that was edited. */
export type ProjectEdit = Partial<Omit<Schemas["ProjectEdit"], "version">> & Pick<Schemas["ProjectEdit"], "version">;
export type Run = Answer<"RunDetails">;
/** A row of the runs table: the requested columns, and always the id. */
export type RunRow = Record<string, unknown> & { id: string };
export type RunsPage = Omit<Answer<"RunsPage">, "rows"> & { rows: RunRow[] };
export type Series = Answer<"Series">;
export type SeriesInfo = Answer<"SeriesInfo">;
export type Session = Answer<"Session">;
export type Sweep = Answer<"Sweep">;
export type SweepImportance = Answer<"SweepImportance">;
export type SweepModel = Answer<"SweepModel">;
export type TrialModel = Answer<"TrialModel">;
export type SweepState = Sweep["state"];
export type SweepPoint = Answer<"SweepPoint">;
export type Trial = Answer<"Trial">;
export type TrialChanges = Answer<"TrialChanges">;
export type TrialState = Trial["state"];

/** A series that a chart draws, and which points of it the page has already. */
export type HeldLine = Pick<Schemas["HeldLine"], "owner" | "key"> & Partial<Schemas["HeldLine"]>;
export type LinesQuery = Omit<Schemas["LinesQuery"], "lines"> & { lines: HeldLine[] };
export type RunLabels = Partial<Schemas["RunLabels"]>;
export type RunsQuery = Omit<Schemas["RunsQuery"], "fold" | "shown"> & { fold?: boolean; shown?: RunsShown };
export type RunsShown = Schemas["RunsQuery"]["shown"];
export type RunChoice = Partial<Schemas["RunChoice"]>;
export type RunAction = Schemas["RunsChange"]["action"];
export type RunsChanged = Answer<"RunsChanged">;
export type SeriesQuery = Omit<Schemas["SeriesQuery"], "with_abandoned">;

export type Route = keyof paths;
type Method = "get" | "post";
type Json = { content: { "application/json": unknown } };

/** The JSON that a route answers with. */
export type AnswerOf<R extends Route, M extends Method> = paths[R] extends {
  [Name in M]: { responses: { 200: infer Body extends Json } };
}
  ? Body["content"]["application/json"]
  : never;

/** The query parameters of a route. */
export type QueryOf<R extends Route, M extends Method> = paths[R] extends {
  [Name in M]: { parameters: { query?: infer Query } };
}
  ? Query
  : never;
