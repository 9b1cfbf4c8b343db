/** The page of a project: what it is about, what people have pinned, and its latest runs. */

import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { ProjectPage as Content } from "../api/types";
import { ago, clock } from "../base/format";
import { Loading, Page, type Trail, useTitle } from "../base/Page";
import { Fact } from "../base/Section";
import { whoOf } from "../base/who";
import { Defaults } from "../project/Defaults";
import { LatestRuns } from "../project/LatestRuns";
import { PinnedRuns } from "../project/PinnedRuns";
import { PinnedViews } from "../project/PinnedViews";
import { Reports } from "../project/Reports";
import { TextSection } from "../project/TextSection";
import { DESCRIPTION, NOTES } from "../project/useTextDraft";

const TRAIL: Trail = [["Home", "/"]];

export function ProjectPage({ name }: { name: string }) {
  const { value: page, error } = useData(paths.project(name));
  useTitle(name);
  if (!page) return <Loading title={name} trail={TRAIL} error={error} />;
  const address = `/runs?project=${encodeURIComponent(name)}`;
  return (
    <Page
      title={name}
      trail={TRAIL}
      facts={<Facts page={page} />}
      aside={
        <a class="button primary" href={address}>
          All runs
        </a>
      }
    >
      <TextSection
        page={page}
        place={DESCRIPTION}
        name="description"
        title="About"
        purpose="What is this project about? Nobody has said it yet."
      />
      <PinnedViews page={page} />
      <Reports page={page} />
      <PinnedRuns page={page} />
      <LatestRuns page={page} />
      <TextSection
        page={page}
        place={NOTES}
        name="notes"
        title="Notes"
        purpose="What was tried, what comes next: notes for everybody."
      />
      <Defaults page={page} />
    </Page>
  );
}

function Facts({ page }: { page: Content }) {
  const now = useNow();
  const runs = useData(paths.runs({ project: page.name, limit: 0 })).value?.total;
  const running = useData(paths.runs({ project: page.name, state: "running", limit: 0 })).value?.total;
  const sweeps = useData(paths.sweeps(page.name)).value?.length;
  const address = `/runs?project=${encodeURIComponent(page.name)}`;
  return (
    <>
      <Fact name="runs">{runs ? <a href={address}>{runs}</a> : (runs ?? "…")}</Fact>
      <Fact name="running">{running ? <a href={`${address}&state=running`}>{running}</a> : (running ?? "…")}</Fact>
      <Fact name="sweeps">{sweeps ?? "…"}</Fact>
      {page.edited !== null && (
        <Fact name="page edited" title={clock(page.edited)}>
          {ago(page.edited, now)} by {whoOf(page.edited_by ?? "", "")}
        </Fact>
      )}
    </>
  );
}
