/** All metrics of some runs: grouped by what stands before the first `/`, searched, smoothed, zoomed together. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { byMetricRank } from "../base/ranking";
import { useParam } from "../base/router";
import { type Look, MOST_WIDE_LINES } from "./look";
import { type ChartRun, Metric } from "./Metric";

const OWN_GROUP = "other";
const PINNED = "pinned";
const SOON = ["epoch", "trainer/global_step"];

export function Charts({ runs, bandName }: { runs: ChartRun[]; bandName?: string }) {
  const [smoothing, setSmoothing] = useParam("smooth", "0");
  const [xAxis, setXAxis] = useParam("x", "step");
  const [flags, setFlags] = useParam("look", "env.out");
  const [zoomText, setZoomText] = useParam("zoom");
  const [pattern, setPattern] = useParam("keys");
  const [folded, setFolded] = useParam("fold");
  const [large, setLarge] = useParam("chart");
  const [pinText, setPinned] = useParam("top");
  const has = (flag: string) => flags.split(".").includes(flag);
  const flip = (flag: string) =>
    setFlags((has(flag) ? flags.split(".").filter((one) => one !== flag) : [...flags.split("."), flag]).join("."));
  const zoom = useMemo(() => parseZoom(zoomText), [zoomText]);
  const look: Look = useMemo(
    () => ({
      xAxis,
      isLogX: has("logx"),
      isLogY: has("logy"),
      hasEnvelope: has("env"),
      hasOutliers: has("out"),
      isWide: has("wide"),
      zoom,
    }),
    [xAxis, flags, zoom],
  );
  const keys = useMemo(() => metricKeys(runs), [runs]);
  const { found, error } = useMemo(() => search(keys, pattern), [keys, pattern]);
  const pinned = pinText.split("|").filter(Boolean);
  const isPinned = (key: string) => pinned.includes(key);
  const groups = Map.groupBy(
    found.filter((key) => !isPinned(key)),
    (key) => (key.includes("/") ? key.split("/")[0]! : OWN_GROUP),
  );
  const shownFirst = pinned.filter((key) => found.includes(key));
  const sections: [string, string[]][] = [
    ...(shownFirst.length ? [[PINNED, shownFirst] as [string, string[]]] : []),
    ...groups,
  ];
  const order = sections.flatMap(([, members]) => members);
  const pin = (key: string) =>
    setPinned((isPinned(key) ? pinned.filter((one) => one !== key) : [...pinned, key]).join("|"));
  const closed = new Set(folded.split("|").filter(Boolean));
  const toggle = (name: string) => setFolded([...(closed.delete(name) ? closed : closed.add(name))].join("|"));
  const setZoom = (next: [number, number] | null) =>
    setZoomText(next ? next.map((value) => Number(value.toPrecision(8))).join("_") : "");
  const setAxis = (next: string) => {
    setZoomText("");
    setXAxis(next);
  };
  const drawing = { runs, smoothing: Number(smoothing) || 0, look, isBanded: has("band"), onZoom: setZoom };
  const axes = [...SOON.filter((key) => keys.includes(key)), ...keys.filter((key) => !SOON.includes(key))];

  return (
    <div class="charts">
      <div class="toolbar" role="group" aria-label="How charts are drawn">
        <input
          type="search"
          placeholder="Metrics, e.g. loss|acc"
          aria-label="Search metrics by regular expression"
          value={pattern}
          aria-invalid={error !== ""}
          onInput={(event) => setPattern(event.currentTarget.value)}
        />
        <label class="slider">
          Smoothing
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={smoothing}
            onInput={(event) => setSmoothing(event.currentTarget.value)}
          />
          <output>{Number(smoothing) ? Number(smoothing).toFixed(2) : "off"}</output>
        </label>
        <label>
          X axis
          <select value={xAxis} onChange={(event) => setAxis(event.currentTarget.value)}>
            <option value="step">step</option>
            <option value="relative">time since start</option>
            <option value="time">wall clock</option>
            {axes.length > 0 && (
              <optgroup label="metric">
                {axes.map((key) => (
                  <option key={key} value={`key:${key}`}>
                    {key}
                  </option>
                ))}
              </optgroup>
            )}
          </select>
        </label>
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
          title="Off: the y axis leaves the outermost 2 % out"
        />
        {runs.length > MOST_WIDE_LINES && (
          <Toggle
            name="wide lines"
            isOn={has("wide")}
            onFlip={() => flip("wide")}
            title="So many lines are drawn thin, so that they can be told apart"
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
        {zoom && (
          <button type="button" class="quiet" onClick={() => setZoom(null)}>
            Whole range
          </button>
        )}
      </div>
      {error && <p class="failure">{error}</p>}
      {!found.length && (
        <p class="empty">{keys.length ? "No metric matches." : "These runs have logged no metrics yet."}</p>
      )}
      {keys.includes(large) ? (
        <Single metric={large} order={order} onChange={setLarge}>
          <Metric key={large} metric={large} {...drawing} isLarge />
        </Single>
      ) : (
        <div class="chart-groups">
          {sections.map(([name, members]) => (
            <section class={`chart-group has-${members.length}`} key={name}>
              <h3>
                <button type="button" aria-expanded={!closed.has(name)} onClick={() => toggle(name)}>
                  <i aria-hidden="true">{closed.has(name) ? "▸" : "▾"}</i> {name}{" "}
                  <span class="soft">{members.length}</span>
                </button>
              </h3>
              {!closed.has(name) && (
                <div class="chart-grid">
                  {members.map((metric) => (
                    <Metric
                      key={metric}
                      metric={metric}
                      {...drawing}
                      onEnlarge={() => setLarge(metric)}
                      acts={{ [isPinned(metric) ? "No longer first" : "Pin to the top"]: () => pin(metric) }}
                    />
                  ))}
                </div>
              )}
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

interface SingleProps {
  metric: string;
  /** All metrics that are shown, in their order. */
  order: string[];
  onChange: (metric: string) => void;
  children: ComponentChildren;
}

/** One chart alone, with the ways back, to the one before and to the next; Escape and the arrow keys do the same. */
function Single({ metric, order, onChange, children }: SingleProps) {
  const at = order.indexOf(metric);
  const before = order[at - 1];
  const after = at < 0 ? undefined : order[at + 1];
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).closest("input, select, textarea, dialog[open], [role=tablist], [role=menu]"))
        return;
      const to = { Escape: "", ArrowLeft: before, ArrowRight: after }[event.key];
      if (to !== undefined) onChange(to);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [before, after]);
  return (
    <section class="chart-single" aria-label={`${metric}, large`}>
      <p class="single-ways">
        <button type="button" onClick={() => onChange("")} title="Escape">
          ← All charts
        </button>
        <button
          type="button"
          class="icon"
          disabled={!before}
          aria-label="The chart before"
          title={before ? `← ${before}` : ""}
          onClick={() => before && onChange(before)}
        >
          ‹
        </button>
        <button
          type="button"
          class="icon"
          disabled={!after}
          aria-label="The next chart"
          title={after ? `→ ${after}` : ""}
          onClick={() => after && onChange(after)}
        >
          ›
        </button>
      </p>
      {children}
    </section>
  );
}

export function Toggle({
  name,
  isOn,
  onFlip,
  title,
}: {
  name: string;
  isOn: boolean;
  onFlip: () => void;
  title?: string;
}) {
  return (
    <button type="button" class="toggle" aria-pressed={isOn} onClick={onFlip} title={title}>
      {name}
    </button>
  );
}

function parseZoom(text: string): [number, number] | null {
  const [low, high] = text.split("_").map(Number);
  return text && low! < high! ? [low!, high!] : null;
}

/** Returns the keys that have a series: numbers, and numbers that are not finite. */
export function metricKeys(runs: ChartRun[]): string[] {
  const found = new Set<string>();
  for (const { run } of runs) {
    for (const [key, value] of Object.entries(run.summary)) {
      if (typeof value === "number" || value === "nan" || value === "inf" || value === "-inf") found.add(key);
    }
  }
  return [...found].sort(byMetricRank);
}

function search(keys: string[], pattern: string): { found: string[]; error: string } {
  if (!pattern) return { found: keys, error: "" };
  try {
    const wanted = new RegExp(pattern, "i");
    return { found: keys.filter((key) => wanted.test(key)), error: "" };
  } catch (error) {
    return { found: keys, error: (error as Error).message };
  }
}
