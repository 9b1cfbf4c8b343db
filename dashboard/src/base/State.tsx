/** A state as a word, with a mark that does not rely on colour alone. */

import "./State.css";

const MARKS: Record<string, [string, string]> = {
  running: ["live", "●"],
  leased: ["live", "◐"],
  stopping: ["warn", "◐"],
  ending: ["live", "◐"],
  working: ["live", "●"],
  pending: ["calm", "○"],
  idle: ["calm", "○"],
  gone: ["calm", "·"],
  finished: ["good", "✓"],
  stopped: ["warn", "■"],
  paused: ["warn", "‖"],
  preempted: ["warn", "↻"],
  cancelled: ["calm", "■"],
  failed: ["bad", "✕"],
  killed: ["bad", "✕"],
  lost: ["bad", "?"],
};

export function tone(state: string): string {
  return (MARKS[state] ?? ["calm"])[0];
}

export function State({ state, title }: { state: string; title?: string }) {
  const [kind, mark] = MARKS[state] ?? ["calm", "·"];
  return (
    <span class={`state ${kind}`} title={title ?? state}>
      <i aria-hidden="true">{mark}</i>
      {state}
    </span>
  );
}
