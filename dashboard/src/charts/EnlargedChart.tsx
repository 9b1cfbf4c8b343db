/** One enlarged chart, with buttons for all, the previous and the next chart. Escape and the arrow keys do the same. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useLatest } from "../base/latest";
import "./EnlargedChart.css";

interface Props {
  metric: string;
  /** All metrics that are shown, in their order. */
  order: string[];
  /** Called with the metric to enlarge instead; empty: none. */
  onChange: (metric: string) => void;
  children: ComponentChildren;
}

/** Where the arrow keys have another meaning. */
const OWN_KEYS = "input, select, textarea, dialog[open], [role=tablist], [role=menu]";

export function EnlargedChart({ metric, order, onChange, children }: Props) {
  const at = order.indexOf(metric);
  const before = order[at - 1];
  const after = at < 0 ? undefined : order[at + 1];
  const latest = useLatest({ before, after, onChange });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).closest(OWN_KEYS)) return;
      const to = { Escape: "", ArrowLeft: latest.current.before, ArrowRight: latest.current.after }[event.key];
      if (to !== undefined) latest.current.onChange(to);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <section class="chart-single" aria-label={`${metric}, large`}>
      <p class="single-ways">
        <button type="button" onClick={() => onChange("")} title="Escape">
          ← All charts
        </button>
        <Step label="Previous chart" sign="‹" to={before} title={before && `← ${before}`} onChange={onChange} />
        <Step label="Next chart" sign="›" to={after} title={after && `→ ${after}`} onChange={onChange} />
      </p>
      {children}
    </section>
  );
}

interface StepProps {
  label: string;
  sign: string;
  to: string | undefined;
  title: string | undefined;
  onChange: (metric: string) => void;
}

function Step({ label, sign, to, title = "", onChange }: StepProps) {
  return (
    <button
      type="button"
      class="icon"
      disabled={to === undefined}
      aria-label={label}
      title={title}
      onClick={() => to !== undefined && onChange(to)}
    >
      {sign}
    </button>
  );
}
