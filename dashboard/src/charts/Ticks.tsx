/** The ticks of an axis. */

import type { Tick } from "./placing";
import "./Ticks.css";

export function Ticks({ ticks, isUp = false }: { ticks: Tick[]; isUp?: boolean }) {
  const longest = ticks.reduce((found, { text }) => (text.length > found.length ? text : found), "");
  return (
    <div class={isUp ? "ticks-up" : "ticks-across"} aria-hidden="true">
      {isUp && <b>{longest}</b>}
      {ticks.map(({ text, place }) => (
        <span
          key={text}
          title={text}
          style={isUp ? { bottom: `${100 * place}%` } : { left: `${100 * place}%`, maxWidth: `${100 / ticks.length}%` }}
        >
          {text}
        </span>
      ))}
    </div>
  );
}
