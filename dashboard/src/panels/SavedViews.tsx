/** The saved views of a project: each is an address of the dashboard. */

import { useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useDismiss } from "../base/dismiss";
import "./PinView.css";

export function SavedViews({ project }: { project: string }) {
  const views = useData(paths.project(project)).value?.views ?? [];
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useDismiss(root, isOpen, () => setOpen(false));
  if (!views.length) return null;
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        aria-expanded={isOpen}
        title="The saved views of this project"
        onClick={() => setOpen(!isOpen)}
      >
        Views
      </button>
      {isOpen && (
        <ul class="menu-list saved-views">
          {views.map(({ name, address }) => (
            <li key={name}>
              <a href={address} title={address} onClick={() => setOpen(false)}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
