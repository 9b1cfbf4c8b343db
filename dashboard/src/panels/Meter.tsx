/** How much of something is in use, as a bar with a text. */

import "./Meter.css";

export function Meter({ share, text, name }: { share: number; text: string; name: string }) {
  const percent = Math.round(100 * Math.min(Math.max(share, 0), 1));
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element `meter` cannot contain its text and is styled by the browser
    <div
      class="meter"
      role="meter"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
    >
      <div class="bar">
        <i style={{ width: `${percent}%` }} />
      </div>
      <span>{text}</span>
    </div>
  );
}
