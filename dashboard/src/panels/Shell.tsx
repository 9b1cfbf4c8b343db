/** The frame around every page: where one can go, whether the server answers, light or dark, the keys. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { actions } from "../api/client";
import { useConnected, useData } from "../api/data";
import { paths } from "../api/routes";
import { useDismiss } from "../base/dismiss";
import { Icon } from "../base/Icon";
import { Permissions } from "../base/permissions";
import { navigate, usePlace } from "../base/router";
import { toggleTheme, useTheme } from "../base/theme";

const PLACES: [string, string, string][] = [
  ["Home", "/", "h"],
  ["Sweeps", "/sweeps", "s"],
  ["Runs", "/runs", "r"],
  ["Agents & nodes", "/nodes", "n"],
];

const KEYS: [string, string][] = [
  ...PLACES.map(([name, , key]): [string, string] => [`g ${key}`, `go to ${name}`]),
  ["/", "search"],
  ["j k", "next, previous row"],
  ["Enter", "open the row"],
  ["x", "select the row"],
  ["Shift ← →", "on a column's head: move the column; with Ctrl: its width"],
  ["t", "light or dark"],
  ["?", "these keys"],
  ["drag", "zoom into a chart; double click: whole range"],
  ["← →", "in a large chart: the one before, the next"],
  ["Esc", "close what is open"],
];

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = usePlace();
  const theme = useTheme();
  const isConnected = useConnected();
  const session = useData(paths.session()).value;
  const help = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const account = useRef<HTMLDivElement>(null);
  useDismiss(account, isOpen, () => setOpen(false));
  useShortcuts(() => help.current?.showModal());
  useEffect(() => setOpen(false), [path]);
  return (
    <>
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </a>
      <header class="shell">
        <a class="brand" href="/" aria-label="lightning-sweeps, home">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M5 6c4 14 8 19 22 19" />
            <path class="second" d="M10 5c3 9 7 12 17 12" />
            <circle cx="27" cy="25" r="3" />
          </svg>
          lightning-sweeps
        </a>
        <nav aria-label="Pages">
          {PLACES.map(([name, to]) => (
            <a key={to} href={to} aria-current={isCurrent(path, to) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="shell-aside">
          <span class={`link ${isConnected ? "on" : "off"}`} role="status">
            {isConnected ? "live" : "server does not answer"}
          </span>
          <button
            type="button"
            class="icon"
            onClick={toggleTheme}
            aria-label={theme === "dark" ? "Light colours" : "Dark colours"}
            title="t"
          >
            <Icon name={theme === "dark" ? "sun" : "moon"} />
          </button>
          <button
            type="button"
            class="icon"
            onClick={() => help.current?.showModal()}
            aria-label="Keyboard shortcuts"
            title="?"
          >
            <Icon name="help" />
          </button>
          <div class="menu" ref={account}>
            <button
              type="button"
              class="icon"
              aria-label="Account"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name="person" />
            </button>
            {isOpen && (
              <div class="menu-list account">
                <p class="soft">
                  {session ? `logged in by the key of ${session.name}, which may ${session.role}` : ""}
                  <br />
                  {session ? `version ${session.version}` : ""}
                </p>
                <a href="/api/docs" target="_blank" rel="noreferrer">
                  API
                </a>
                <button type="button" onClick={() => void actions.logOut().then(() => location.assign("/"))}>
                  Log out
                </button>
              </div>
            )}
          </div>
        </div>
      </header>
      <Permissions.Provider value={session !== undefined && session.role !== "read"}>{children}</Permissions.Provider>
      <dialog ref={help} aria-label="Keyboard shortcuts">
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
          <button>Close</button>
        </form>
      </dialog>
    </>
  );
}

function isCurrent(path: string, to: string): boolean {
  if (to === "/") return path === "/";
  return path.startsWith(to) || (to === "/runs" && path.startsWith("/groups"));
}

function useShortcuts(showKeys: () => void): void {
  useEffect(() => {
    let before = "";
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        at.closest("input:not([type=checkbox]), textarea, select, dialog[open]")
      )
        return;
      const to = before === "g" ? PLACES.find(([, , key]) => key === event.key) : undefined;
      before = event.key;
      if (to) navigate(to[1]);
      else if (event.key === "t") toggleTheme();
      else if (event.key === "?") showKeys();
      else if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLElement>("input[type=search]")?.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
