/** How the parameters of a sweep influence its results. */

import type { ComponentChildren } from "preact";
import { Section } from "../base/Section";
import { Contour } from "./Contour";
import { ImportanceBars } from "./ImportanceBars";
import { Parallel } from "./Parallel";
import { Slices } from "./Slices";
import type { SweepView } from "./useSweepView";

export function ParameterSections({ view, note }: { view: SweepView; note: ComponentChildren }) {
  const { sweep, results, parameters } = view;
  if (!parameters.length) return null;
  return (
    <>
      <Section title="Parameters" note={note || "drag along an axis to choose trials for the whole page"}>
        <Parallel view={view} key={parameters.map((one) => one.name).join()} />
      </Section>
      <div class="two narrow-first">
        <Section title="Importance" note="how much a parameter alone explains the order of the trials">
          <ImportanceBars view={view} />
        </Section>
        <Section title="Slices" note={`${sweep.metric ?? "objective"} by parameter`}>
          <Slices view={view} />
        </Section>
      </div>
      {parameters.length > 1 && results.some((trial) => trial.objective !== null) && (
        <Section
          title="Two parameters"
          note="each dot is a trial; the background colour is the mean of nearby trials, faint where there are none"
        >
          <Contour view={view} />
        </Section>
      )}
    </>
  );
}
