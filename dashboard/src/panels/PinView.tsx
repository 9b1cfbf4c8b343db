/** Pins the current address to the page of a project, under a name. */

import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { changePage, withView } from "../api/projectEdits";
import { useDismiss } from "../base/dismiss";
import { ownPath } from "../base/embed";
import { Failure } from "../base/Failure";
import { useCanEdit } from "../base/permissions";
import "./PinView.css";

const MOST_CHARACTERS = 200;

export function PinView({ project }: { project: string }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const canEdit = useCanEdit();
  useDismiss(root, isOpen, () => setOpen(false));
  if (!canEdit || !project) return null;
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        aria-expanded={isOpen}
        title="Keep this view on the project's page"
        onClick={() => setOpen(!isOpen)}
      >
        Pin view
      </button>
      {isOpen && <NameForm project={project} onDone={() => setOpen(false)} />}
    </div>
  );
}

function NameForm({ project, onDone }: { project: string; onDone: () => void }) {
  const [name, setName] = useState("");
  const [error, setError] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  async function pin(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await changePage(project, withView(name.trim(), ownPath(location.pathname) + location.search));
      onDone();
      refreshAll();
    } catch (refusal) {
      setError(errorText(refusal));
    }
  }
  return (
    <form class="menu-list pin-view" onSubmit={(event) => void pin(event)}>
      <label>
        Name
        <input
          ref={input}
          maxLength={MOST_CHARACTERS}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={!name.trim()}>
        Pin to {project}
      </button>
      <Failure error={error} />
    </form>
  );
}
