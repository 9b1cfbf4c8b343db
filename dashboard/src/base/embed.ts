/**
 * The page as a frame in another page, such as a cell of a notebook: one view, which only reads.
 *
 * A frame gets no cookie. Its address carries a ticket after the `#`, which is exchanged for a token. The token stays in
 * this page, and in the storage of its tab for when the notebook removes the frame and adds it again.
 */

import { download } from "./download";
import { reached, withoutRoot } from "./rootPath";

const PREFIX = "/embed";
const OPEN_PATH = `${PREFIX}/open`;
const STORAGE_PREFIX = "lightning-sweeps.view.";
const listeners = new Set<(reason: string) => void>();
let token = "";

export const isEmbedded = withoutRoot(location.pathname).startsWith(`${PREFIX}/`);

interface StoredToken {
  token: string;
  expires: number;
}

/** Returns a path of the address bar as the dashboard names it: without the prefixes of a proxy and of a frame. */
export function ownPath(path: string): string {
  const own = withoutRoot(path);
  return isEmbedded && own.startsWith(`${PREFIX}/`) ? own.slice(PREFIX.length) : own;
}

/**
 * Returns what the address bar shows for an address of the dashboard; null if the page stays.
 *
 * A frame only goes to places within its view. It opens others in a new tab.
 */
export function placeHere(to: string): string | null {
  if (!isEmbedded) return reached(to);
  if (to.split("?")[0] === ownPath(location.pathname)) return reached(PREFIX + to);
  window.open(reached(to), "_blank", "noopener");
  return null;
}

/** Sends a request to the server with the page's cookie; in a frame, with its token. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  if (!isEmbedded) return fetch(reached(path), { credentials: "same-origin", ...init });
  const headers = { ...(init.headers as Record<string, string> | undefined), Authorization: `Bearer ${token}` };
  const answer = await fetch(reached(path), { ...init, credentials: "omit", headers });
  if (answer.status === 401) end("The view has expired.");
  return answer;
}

/** Exchanges the ticket for a token, and calls `watcher` with the reason when the view ends. */
export async function openView(watcher: (reason: string) => void): Promise<boolean> {
  listeners.add(watcher);
  const ticket = location.hash.slice(1);
  const known = stored(ticket);
  if (known && known.expires > Date.now() / 1000) {
    token = known.token;
    return true;
  }
  try {
    const answer = await fetch(reached(OPEN_PATH), { method: "POST", credentials: "omit", body: ticket });
    const given = (await answer.json()) as StoredToken & { message?: string };
    if (!answer.ok) {
      end(given.message ?? "");
      return false;
    }
    token = given.token;
    store(ticket, given);
    return true;
  } catch {
    end("The server does not answer.");
    return false;
  }
}

/** Saves the file that a link points to. In a frame, a plain link sends no token. */
export async function save(link: HTMLAnchorElement): Promise<void> {
  const answer = await send(ownPath(link.pathname) + link.search);
  if (!answer.ok) return;
  download(await answer.blob(), link.download || "file");
}

function end(reason: string): void {
  token = "";
  for (const listener of listeners) listener(reason);
}

function stored(ticket: string): StoredToken | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_PREFIX + ticket) ?? "null") as StoredToken | null;
  } catch {
    return null; // a browser may deny storage to a frame: the view then lives as long as the frame
  }
}

function store(ticket: string, given: StoredToken): void {
  try {
    sessionStorage.setItem(STORAGE_PREFIX + ticket, JSON.stringify(given));
  } catch {
    // see above
  }
}
