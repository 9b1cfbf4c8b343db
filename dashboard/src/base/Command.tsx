/** A command to type, with a button that copies it. */

import "./Command.css";

export function Command({ children }: { children: string }) {
  return (
    <div class="command">
      <code>{children}</code>
      <button
        type="button"
        class="quiet small"
        aria-label={`Copy ${children}`}
        onClick={() => void navigator.clipboard?.writeText(children)}
      >
        copy
      </button>
    </div>
  );
}
