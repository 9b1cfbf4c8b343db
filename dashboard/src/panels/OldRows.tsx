/** Says that the server has thinned or deleted the rows of a run, because they were old. */

import type { Run } from "../api/types";
import { clock } from "../base/format";

export function OldRows({ run }: { run: Run }) {
  if (run.rows_deleted) return <p class="soft">Its rows were old. They were deleted on {clock(run.rows_deleted)}.</p>;
  if (!run.thinned) return null;
  return (
    <p class="soft">
      Its rows were old. They were thinned on {clock(run.thinned)}: each interval keeps its first, last, smallest and
      largest values.
    </p>
  );
}
