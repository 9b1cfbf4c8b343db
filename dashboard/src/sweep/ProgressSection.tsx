/** The progress of a sweep: its best value over time, and the learning curves of its trials. */

import type { ComponentChildren } from "preact";
import { InTurn } from "../base/InTurn";
import { Section } from "../base/Section";
import { Toggle } from "../base/Toggle";
import { BestSoFar } from "./BestSoFar";
import { Curves } from "./Curves";
import { Scale } from "./Scale";
import type { SweepView } from "./useSweepView";

export function ProgressSection({ view, note }: { view: SweepView; note: ComponentChildren }) {
  return (
    <Section
      title="Progress"
      note={note}
      aside={
        <>
          <Scale />
          <Toggle name="log y" isOn={view.isLog} onFlip={() => view.setLog(!view.isLog)} />
        </>
      }
    >
      <div class="two">
        <div>
          <InTurn given={view} draw={(shown) => <BestSoFar view={shown} />} />
        </div>
        <div>
          <InTurn given={view} draw={(shown) => <Curves view={shown} />} />
        </div>
      </div>
    </Section>
  );
}
