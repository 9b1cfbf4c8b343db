/** The command palette, at Ctrl+K: jumps to pages, projects, sweeps, runs and metrics by their names. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { filterOf } from "../base/filter";
import { useRested } from "../base/rested";
import { navigate } from "../base/router";
import { text as textOf } from "../tables/rowValues";
import { type PaletteItem, paletteItems } from "./paletteItems";
import "./Palette.css";

const RUNS = 6;
const NONE: never[] = [];

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen((before) => !before);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    if (isOpen && !dialog.current?.open) dialog.current?.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="palette" aria-label="Go to" onClose={() => setOpen(false)}>
      {isOpen && <Search onDone={() => setOpen(false)} />}
    </dialog>
  );
}

function Search({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const items = useItems(text);
  function go(item: PaletteItem | undefined): void {
    if (!item) return;
    onDone();
    navigate(item.address);
  }
  function press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) setActive((active + step + items.length) % items.length);
    else if (event.key === "Enter") go(items[active]);
    else return;
    event.preventDefault();
  }
  return (
    <>
      <input
        type="search"
        aria-label="Go to"
        aria-describedby="palette-help"
        placeholder="A page, project, sweep, run or metric"
        value={text}
        ref={(input) => input?.focus()}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={press}
      />
      <ul aria-label="Found">
        {items.map((item, at) => (
          <li key={item.kind + item.address}>
            <button type="button" class={at === active ? "active" : ""} tabIndex={-1} onClick={() => go(item)}>
              <span class="clip">{item.name}</span>
              <small class="soft">{item.kind}</small>
            </button>
          </li>
        ))}
      </ul>
      <p class="soft" id="palette-help">
        {items.length ? "↑ ↓ choose, Enter opens" : "Nothing has this name."}
      </p>
    </>
  );
}

function useItems(text: string): PaletteItem[] {
  const search = useRested(text.trim());
  const projects = useData(paths.projects()).value ?? NONE;
  const sweeps = useData(paths.sweeps()).value ?? NONE;
  const metrics = useData(search ? paths.runColumns({ search, limit: 30 }) : null).value ?? NONE;
  const sort = [{ column: "created", descending: true }];
  const wanted = { project: null, filter: filterOf(search, ""), sort, columns: ["name", "project"], limit: RUNS };
  const rows = useData(search ? paths.table({ ...wanted, offset: 0 }) : null).value?.rows ?? NONE;
  const runs = rows.map((row) => ({ id: row.id, name: textOf(row["name"]), project: textOf(row["project"]) }));
  return paletteItems(text, { projects, sweeps, runs, metrics: metrics.filter((one) => one.startsWith("summary.")) });
}
