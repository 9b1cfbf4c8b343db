/** How the parameters of a sweep influence its results. */

import type { ComponentChildren } from "preact";
import { InTurn } from "../base/InTurn";
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
        <InTurn given={view} draw={(shown) => <Parallel view={shown} />} />
      </Section>
      <div class="two narrow-first">
        <Section
          title="Importance"
          note="how much a parameter decides whether a trial is among the best tenth, also together with others (PED-ANOVA)"
        >
          <InTurn given={view} draw={(shown) => <ImportanceBars view={shown} />} />
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
          <InTurn given={view} draw={(shown) => <Contour view={shown} />} />
        </Section>
      )}
    </>
  );
}
