/** The page's address. Its path and query hold the state of every view, so that a link shares it. */

import { useEffect, useState } from "preact/hooks";
import { isEmbedded, ownPath, placeHere, save } from "./embed";

const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of [...listeners]) listener();
}

export function navigate(wanted: string, { isReplacing = false } = {}): void {
  const to = placeHere(wanted);
  if (to === null || to === location.pathname + location.search) return;
  if (isReplacing) history.replaceState(null, "", to);
  else {
    history.pushState(null, "", to);
    scrollTo(0, 0);
  }
  changed();
}

/** Makes links within the dashboard change the address without loading the page again. Call it once. */
export function interceptLinks(): void {
  addEventListener("popstate", changed);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.origin !== location.origin) return;
    const path = ownPath(link.pathname);
    if (isEmbedded && path.startsWith("/api/")) {
      event.preventDefault();
      void save(link);
      return;
    }
    if (link.target || link.hasAttribute("download") || path.startsWith("/api/")) return;
    event.preventDefault();
    navigate(path + link.search);
  });
}

export interface Place {
  path: string;
  query: URLSearchParams;
}

function here(): Place {
  return { path: ownPath(location.pathname), query: new URLSearchParams(location.search) };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return place;
}

/** Returns this address with some values of its query changed. Empty values are left out. */
export function placeWith(values: Record<string, string | null>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return ownPath(location.pathname) + (text && `?${text}`);
}

/** A value of the address's query, and how to change it. Every view's state is held by one of the hooks below. */
export type Param<T> = [T, (value: T) => void];

/** Returns a string from the query. `otherwise` is the value if the query has none; it is left out of the address. */
export function useParam(name: string, otherwise = ""): Param<string> {
  const value = usePlace().query.get(name) ?? otherwise;
  const set = (next: string) =>
    navigate(placeWith({ [name]: next === otherwise ? null : next }), { isReplacing: true });
  return [value, set];
}

/** Stands for an empty list in the address where no value means another list. */
const EMPTY_LIST = "-";

/** Returns a list of strings, joined by `separator` in the address. */
export function useListParam(name: string, separator: string, otherwise = ""): Param<string[]> {
  const [text, setText] = useParam(name, otherwise);
  const list = text === EMPTY_LIST ? [] : text.split(separator).filter(Boolean);
  return [list, (next) => setText(next.length || !otherwise ? next.join(separator) : EMPTY_LIST)];
}

/** Returns a switch: `on` or `off` in the address. */
export function useSwitchParam(name: string, otherwise: boolean): Param<boolean> {
  const [text, setText] = useParam(name, otherwise ? "on" : "off");
  return [text === "on", (next) => setText(next ? "on" : "off")];
}

/** Returns one of a few choices. Anything else in the address counts as the first choice. */
export function useChoiceParam<T extends string>(name: string, choices: readonly [T, ...T[]]): Param<T> {
  const [text, setText] = useParam(name, choices[0]);
  return [choices.find((choice) => choice === text) ?? choices[0], setText];
}

/** The column that rows are sorted by. In the address, a `-` before it sorts from high to low. */
export interface Sort {
  by: string;
  isDown: boolean;
}

export function useSortParam(name: string, otherwise: string): Param<Sort> {
  const [text, setText] = useParam(name, otherwise);
  return [parseSort(text), (next) => setText((next.isDown ? "-" : "") + next.by)];
}

export function parseSort(text: string): Sort {
  return text.startsWith("-") ? { by: text.slice(1), isDown: true } : { by: text, isDown: false };
}

/** Toggles an entry: returns the list without it if the list contains it, else with it. */
export function toggled(list: readonly string[], entry: string): string[] {
  return list.includes(entry) ? list.filter((one) => one !== entry) : [...list, entry];
}
