/** The menu of the account: who is logged in, the API's documentation, and the way out. */

import { useRef, useState } from "preact/hooks";
import { actions } from "../api/client";
import type { Session } from "../api/types";
import { useDismiss } from "../base/dismiss";
import { Icon } from "../base/Icon";
import { reached } from "../base/rootPath";
import "./Account.css";

export function Account({ session }: { session: Session | undefined }) {
  const root = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  useDismiss(root, isOpen, () => setOpen(false));
  return (
    <div class="menu" ref={root}>
      <button type="button" class="icon" aria-label="Account" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="person" />
      </button>
      {isOpen && (
        <div class="menu-list account">
          <p class="soft">
            {session ? `logged in with the key ${session.name} (${session.role})` : ""}
            <br />
            {session ? `version ${session.version}` : ""}
          </p>
          <a href="/api/docs" target="_blank" rel="noreferrer">
            API
          </a>
          <button type="button" onClick={() => void actions.logOut().then(() => location.assign(reached("/")))}>
            Log out
          </button>
        </div>
      )}
    </div>
  );
}
