/** The controls above a page's charts. */

import { Toggle } from "../base/Toggle";
import { MOST_WIDE_LINES } from "./look";
import type { ChartView } from "./useChartView";

interface Props {
  view: ChartView;
  /** The metrics that can be an x axis. */
  keys: string[];
  lineCount: number;
  /** Names the switch that draws the runs of a group as one band. Without it there is none. */
  bandName: string | undefined;
  pattern: string;
  onPattern: (pattern: string) => void;
  isPatternInvalid: boolean;
}

/** Metrics that are offered first as an x axis. */
const USUAL_AXES = ["epoch", "trainer/global_step"];

export function ChartToolbar({ view, keys, lineCount, bandName, pattern, onPattern, isPatternInvalid }: Props) {
  const { look, smoothing } = view;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a `fieldset` is laid out differently
    <div class="toolbar" role="group" aria-label="Chart options">
      <input
        type="search"
        placeholder="Metrics, e.g. loss|acc"
        aria-label="Search metrics by regular expression"
        value={pattern}
        aria-invalid={isPatternInvalid}
        onInput={(event) => onPattern(event.currentTarget.value)}
      />
      <label class="slider">
        Smoothing
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={smoothing}
          onInput={(event) => view.setSmoothing(event.currentTarget.value)}
        />
        <output>{smoothing ? smoothing.toFixed(2) : "off"}</output>
      </label>
      <AxisChoice value={look.xAxis} keys={keys} onChange={view.setXAxis} />
      <Switches view={view} lineCount={lineCount} bandName={bandName} />
      {look.zoom && (
        <button type="button" class="quiet" onClick={() => view.setZoom(null)}>
          Whole range
        </button>
      )}
    </div>
  );
}

function AxisChoice({ value, keys, onChange }: { value: string; keys: string[]; onChange: (axis: string) => void }) {
  const sorted = [
    ...USUAL_AXES.filter((key) => keys.includes(key)),
    ...keys.filter((key) => !USUAL_AXES.includes(key)),
  ];
  return (
    <label>
      X axis
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="step">step</option>
        <option value="relative">time since start</option>
        <option value="time">wall clock</option>
        {sorted.length > 0 && (
          <optgroup label="metric">
            {sorted.map((key) => (
              <option key={key} value={`key:${key}`}>
                {key}
              </option>
            ))}
          </optgroup>
        )}
      </select>
    </label>
  );
}

function Switches({ view: { has, flip }, lineCount, bandName }: Pick<Props, "view" | "lineCount" | "bandName">) {
  return (
    <>
      <Toggle name="log y" isOn={has("logy")} onFlip={() => flip("logy")} />
      <Toggle name="log x" isOn={has("logx")} onFlip={() => flip("logx")} />
      <Toggle
        name="min–max"
        isOn={has("env")}
        onFlip={() => flip("env")}
        title="The envelope of all values behind each pixel"
      />
      <Toggle
        name="outliers"
        isOn={has("out")}
        onFlip={() => flip("out")}
        title="Off: the y axis leaves out the outermost 2 %"
      />
      {lineCount > MOST_WIDE_LINES && (
        <Toggle
          name="wide lines"
          isOn={has("wide")}
          onFlip={() => flip("wide")}
          title="This many lines are easier to tell apart when they are thin"
        />
      )}
      {bandName && (
        <Toggle
          name={bandName}
          isOn={has("band")}
          onFlip={() => flip("band")}
          title="Mean and range over the runs of a group"
        />
      )}
    </>
  );
}
