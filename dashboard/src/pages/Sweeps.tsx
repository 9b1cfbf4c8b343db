import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Sweep, SweepState } from "../api/types";
import { Command } from "../base/Command";
import { Failure } from "../base/Failure";
import { Page, useTitle } from "../base/Page";
import { useParam } from "../base/router";
import { StateChoice } from "../base/StateChoice";
import { ProjectChoice } from "../panels/ProjectChoice";
import { SweepCard } from "../sweep/SweepCard";

const STATES: SweepState[] = ["running", "paused", "stopped", "cancelled", "finished"];

function searchedText(sweep: Sweep): string {
  return [sweep.name, sweep.id, sweep.project, sweep.method, sweep.metric, sweep.description].join(" ").toLowerCase();
}

export function SweepsPage() {
  const [project, setProject] = useParam("project");
  const [typed, setTyped] = useParam("find");
  const [state, setState] = useParam("state");
  const { value: sweeps, error } = useData(paths.sweeps(project || undefined));
  const now = useNow();
  useTitle("Sweeps");
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const isMeant = (sweep: Sweep) =>
    (!state || sweep.state === state) && words.every((word) => searchedText(sweep).includes(word));
  const shown = sweeps?.filter(isMeant);
  return (
    <Page
      title="Sweeps"
      aside={
        <>
          <input
            type="search"
            placeholder="Name, project, metric"
            aria-label="Search sweeps"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <StateChoice states={STATES} value={state} onChange={setState} />
          <ProjectChoice value={project} onChange={setProject} />
        </>
      }
    >
      <Failure error={error} />
      {sweeps?.length === 0 && (
        <div class="empty">
          <p>No sweep yet. In the folder of a sweep file:</p>
          <Command>lightning-sweeps sweep sweep.yaml</Command>
        </div>
      )}
      {sweeps && sweeps.length > 0 && shown?.length === 0 && <p class="empty">No sweep matches.</p>}
      <div class="cards">
        {shown?.map((sweep) => (
          <SweepCard key={sweep.id} sweep={sweep} now={now} />
        ))}
      </div>
    </Page>
  );
}
