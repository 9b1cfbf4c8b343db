/** A button that copies a text. */

import { useState } from "preact/hooks";

/** How long the button says that it has copied. */
const SAID_MS = 1500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isDone, setDone] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  }
  if (!navigator.clipboard) return null; // a page without HTTPS on another machine has none
  return (
    <button type="button" class="quiet small" aria-label={label} onClick={() => void copy()}>
      {isDone ? "copied" : "copy"}
    </button>
  );
}
