import { paths } from "../base/api";
import { useData, useNow } from "../base/data";
import { useParam } from "../base/router";
import { Command, Failure, Page, useTitle } from "../parts/Page";
import { ProjectChoice } from "../parts/ProjectChoice";
import { SweepCard } from "../sweep/SweepCard";

export function SweepsPage() {
  const [project, setProject] = useParam("project");
  const { value: sweeps, error } = useData(paths.sweeps(project || undefined));
  const now = useNow();
  useTitle("Sweeps");
  return (
    <Page title="Sweeps" aside={<ProjectChoice value={project} onChange={setProject} />}>
      <Failure error={error} />
      {sweeps?.length === 0 && (
        <div class="empty">
          <p>No sweep yet. In the folder of a sweep file:</p>
          <Command>lightning-sweeps sweep sweep.yaml</Command>
        </div>
      )}
      <div class="cards">{sweeps?.map((sweep) => <SweepCard key={sweep.id} sweep={sweep} now={now} />)}</div>
    </Page>
  );
}
