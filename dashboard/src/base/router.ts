/** Where the page is: path and query of its address. Every view's state lives there, so that a link shares it. */

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

/** Makes links to our own pages change the place without loading the page again. Call once. */
export function interceptLinks(): void {
  addEventListener("popstate", changed);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.origin !== location.origin) return;
    if (isEmbedded && link.pathname.startsWith("/api/")) {
      event.preventDefault();
      void save(link);
      return;
    }
    if (link.target || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
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

/** Returns this place with some values of its query changed; empty ones are left out. */
export function placeWith(values: Record<string, string | null>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return location.pathname + (text && `?${text}`);
}

/** Returns a value of the address's query and how to change it. */
export function useParam(name: string, otherwise = ""): [string, (value: string) => void] {
  const value = usePlace().query.get(name) ?? otherwise;
  const set = (next: string) =>
    navigate(placeWith({ [name]: next === otherwise ? null : next }), { isReplacing: true });
  return [value, set];
}
