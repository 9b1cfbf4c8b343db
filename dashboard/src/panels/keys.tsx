/** The keyboard shortcuts of every page, and the dialog that lists them. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { useLatest } from "../base/latest";
import { navigate } from "../base/router";
import { toggleTheme } from "../base/theme";
import "./keys.css";

export const PLACES = [
  { name: "Home", address: "/", key: "h" },
  { name: "Sweeps", address: "/sweeps", key: "s" },
  { name: "Runs", address: "/runs", key: "r" },
  { name: "Agents & nodes", address: "/nodes", key: "n" },
];

const KEYS: [keys: string, meaning: string][] = [
  ...PLACES.map(({ name, key }): [string, string] => [`g ${key}`, `go to ${name}`]),
  ["Ctrl K", "go to a page, project, sweep, run or metric"],
  ["/", "search"],
  ["j k", "next, previous row"],
  ["Enter", "open the row"],
  ["x", "select the row"],
  ["Shift ← →", "on the head of a column: move the column; with Ctrl: change its width"],
  ["t", "light or dark"],
  ["?", "show these keys"],
  ["drag", "zoom into a chart; double click: whole range"],
  ["← →", "in a large chart: previous, next chart"],
  ["Esc", "close what is open"],
];

/** Where keys have another meaning. */
const TYPING = "input:not([type=checkbox]), textarea, select, dialog[open]";

export function useShortcuts(showKeys: () => void): void {
  const latest = useLatest(showKeys);
  useEffect(() => {
    let before = "";
    const actions: Record<string, () => void> = {
      t: toggleTheme,
      "?": () => latest.current(),
      "/": () => document.querySelector<HTMLElement>("input[type=search]")?.focus(),
    };
    const press = (event: KeyboardEvent) => {
      const isTyping = (event.target as HTMLElement).closest(TYPING);
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      const to = before === "g" ? PLACES.find(({ key }) => key === event.key) : undefined;
      before = event.key;
      if (event.key === "/") event.preventDefault(); // the key must not be typed into the field
      if (to) navigate(to.address);
      else actions[event.key]?.();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

export function KeysDialog({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-label="Keyboard shortcuts">
      <h2>Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
