/** A panel with a sweep, live. */

import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import { Failure } from "../base/Failure";
import { SweepCard } from "../sweep/SweepCard";

export function SweepPanel({ sweep }: { sweep: string }) {
  const now = useNow();
  const { value, error } = useData(paths.sweep(sweep));
  return (
    <div class="report-panel cards">
      <Failure error={error} />
      {value && <SweepCard sweep={value} now={now} />}
    </div>
  );
}
