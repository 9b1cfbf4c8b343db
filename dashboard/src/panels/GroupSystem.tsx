/** The load of the processes of all ranks of a group, one line for each rank. */

import { useMemo } from "preact/hooks";
import { useData, useNow } from "../api/data";
import { paths } from "../api/routes";
import type { Run } from "../api/types";
import { Section } from "../base/Section";
import { SystemCharts } from "../charts/SystemChart";
import { LATE_S, SAMPLE_MS } from "./System";
import { AROUND_S, groupSamples } from "./systemSamples";

interface Props {
  runs: Run[];
  started: number;
  /** Null while a rank is running. */
  ended: number | null;
}

export function GroupSystem({ runs, started, ended }: Props) {
  const now = useNow();
  const { value: nodes } = useData(paths.nodes());
  const isGrowing = ended === null || now - ended < LATE_S;
  const stamp = isGrowing ? String(Math.floor((now * 1000) / SAMPLE_MS)) : "whole";
  const samples = useMemo(() => groupSamples(runs, nodes ?? [], stamp), [runs, nodes, stamp]);
  return (
    <Section title="Processes of each rank" note="including child processes, such as data-loader workers" kind="bare">
      <SystemCharts
        samples={samples}
        of="process"
        from={started - AROUND_S}
        to={ended === null ? null : ended + AROUND_S}
      />
    </Section>
  );
}
