/** All metrics of some runs: grouped by what precedes the first `/` of their names, searched, smoothed and zoomed together. */

import { useMemo } from "preact/hooks";
import { toggled, useListParam, useParam } from "../base/router";
import { type Summary, USUAL_SUMMARY } from "./bands";
import { ChartToolbar } from "./ChartToolbar";
import { EnlargedChart } from "./EnlargedChart";
import { type ChartRun, Metric } from "./Metric";
import { metricKeys, type Section, searchKeys, sectionsOf } from "./metricKeys";
import { useChartView } from "./useChartView";
import "./Charts.css";

interface Props {
  runs: ChartRun[];
  bandName?: string | undefined;
  /** Draws the runs of each band as one line, as it says. */
  summary?: Summary | undefined;
  /** The metric at the top, until somebody pins others. */
  first?: string;
}

export function Charts({ runs, bandName, summary, first = "" }: Props) {
  const view = useChartView();
  const [pattern, setPattern] = useParam("keys");
  const [enlarged, setEnlarged] = useParam("chart");
  const [pinned, setPinned] = useListParam("top", "|", first);
  const keys = useMemo(() => metricKeys(runs), [runs]);
  const { found, error } = useMemo(() => searchKeys(keys, pattern), [keys, pattern]);
  const sections = sectionsOf(found, pinned);
  const drawing = {
    runs,
    smoothing: view.smoothing,
    look: view.look,
    isBanded: summary !== undefined || view.has("band"),
    summary: summary ?? USUAL_SUMMARY,
    onZoom: view.setZoom,
  };
  const card = (metric: string) => (
    <Metric
      key={metric}
      metric={metric}
      {...drawing}
      onEnlarge={() => setEnlarged(metric)}
      choices={{
        [pinned.includes(metric) ? "Unpin" : "Pin to the top"]: () => setPinned(toggled(pinned, metric)),
      }}
    />
  );
  return (
    <div class="charts">
      <ChartToolbar
        view={view}
        keys={keys}
        lineCount={runs.length}
        bandName={bandName}
        pattern={pattern}
        onPattern={setPattern}
        isPatternInvalid={error !== ""}
      />
      {error && <p class="failure">{error}</p>}
      {!found.length && (
        <p class="empty">{keys.length ? "No metric matches." : "These runs have not logged metrics."}</p>
      )}
      {keys.includes(enlarged) ? (
        <EnlargedChart metric={enlarged} order={sections.flatMap(([, members]) => members)} onChange={setEnlarged}>
          <Metric key={enlarged} metric={enlarged} {...drawing} isLarge />
        </EnlargedChart>
      ) : (
        <ChartSections sections={sections} card={card} />
      )}
    </div>
  );
}

/** Sections of charts, each of which can be collapsed. */
function ChartSections({ sections, card }: { sections: Section[]; card: (metric: string) => preact.JSX.Element }) {
  const [closed, setClosed] = useListParam("closed", "|");
  return (
    <div class="chart-groups">
      {sections.map(([name, members]) => {
        const isOpen = !closed.includes(name);
        return (
          <section class={`chart-group has-${members.length}`} key={name}>
            <h3>
              <button type="button" aria-expanded={isOpen} onClick={() => setClosed(toggled(closed, name))}>
                <i aria-hidden="true">{isOpen ? "▾" : "▸"}</i> {name} <span class="soft">{members.length}</span>
              </button>
            </h3>
            {isOpen && <div class="chart-grid">{members.map(card)}</div>}
          </section>
        );
      })}
    </div>
  );
}
