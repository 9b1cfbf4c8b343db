/** The frame around every page: the navigation, whether the server answers, light or dark colours, and the keys. */

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useConnected, useData } from "../api/data";
import { paths } from "../api/routes";
import { Icon } from "../base/Icon";
import { Permissions } from "../base/permissions";
import { usePlace } from "../base/router";
import { toggleTheme, useTheme } from "../base/theme";
import { Account } from "./Account";
import { KeysDialog, PLACES, useShortcuts } from "./keys";
import { Palette } from "./Palette";
import "./Shell.css";

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = usePlace();
  const isConnected = useConnected();
  const theme = useTheme();
  const session = useData(paths.session()).value;
  const keys = useRef<HTMLDialogElement>(null);
  const showKeys = () => keys.current?.showModal();
  useShortcuts(showKeys);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it is a link; the router takes it over, so the focus is moved here */}
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </a>
      <header class="shell">
        <Brand />
        <nav aria-label="Pages">
          {PLACES.map(({ name, address }) => (
            <a key={address} href={address} aria-current={isCurrent(path, address) ? "page" : undefined}>
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
          <button type="button" class="icon" onClick={showKeys} aria-label="Keyboard shortcuts" title="?">
            <Icon name="help" />
          </button>
          <Account session={session} key={path} />
        </div>
      </header>
      <Permissions.Provider value={session !== undefined && session.role !== "read"}>{children}</Permissions.Provider>
      <KeysDialog dialog={keys} />
      <Palette />
    </>
  );
}

function Brand() {
  return (
    <a class="brand" href="/" aria-label="lightning-sweeps, home">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <path d="M5 6c4 14 8 19 22 19" />
        <path class="second" d="M10 5c3 9 7 12 17 12" />
        <circle cx="27" cy="25" r="3" />
      </svg>
      lightning-sweeps
    </a>
  );
}

function isCurrent(path: string, address: string): boolean {
  if (address === "/") return path === "/";
  return path.startsWith(address) || (address === "/runs" && /^\/(groups|projects)\b/.test(path));
}
