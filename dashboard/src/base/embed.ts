/**
 * The page inside another one, such as a notebook's cell: one view, which only reads. No cookie gets there: the address
 * brings a ticket behind its `#`, which is exchanged for a token that stays in this page, and in its tab's storage for
 * the time that the notebook takes the frame out and puts it back.
 */

import { download } from "./download";

const PREFIX = "/embed";
const OPEN_PATH = `${PREFIX}/open`;
const KEPT = "lightning-sweeps.view.";
const listeners = new Set<(said: string) => void>();
let token = "";

export const isEmbedded = location.pathname.startsWith(`${PREFIX}/`);

interface Kept {
  token: string;
  expires: number;
}

/** Returns a path of the dashboard without what stands before it in a frame. */
export function ownPath(path: string): string {
  return isEmbedded && path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : path;
}

/** Goes to a place from within a frame: within the view here, else in a tab of its own; returns where to go here, null: nowhere. */
export function placeHere(to: string): string | null {
  if (!isEmbedded || to.startsWith(`${PREFIX}/`)) return to;
  if (to.split("?")[0] === ownPath(location.pathname)) return PREFIX + to;
  window.open(to, "_blank", "noopener");
  return null;
}

/** Asks the server as whom this page is: by its cookie, in a frame by its token. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  if (!isEmbedded) return fetch(path, { credentials: "same-origin", ...init });
  const headers = { ...(init.headers as Record<string, string> | undefined), Authorization: `Bearer ${token}` };
  const answer = await fetch(path, { ...init, credentials: "omit", headers });
  if (answer.status === 401) end("Its time is over.");
  return answer;
}

/** Exchanges the ticket; calls `watcher` with why the view has ended, whenever it does. */
export async function openView(watcher: (said: string) => void): Promise<boolean> {
  listeners.add(watcher);
  const ticket = location.hash.slice(1);
  const known = kept(ticket);
  if (known && known.expires > Date.now() / 1000) {
    token = known.token;
    return true;
  }
  try {
    const answer = await fetch(OPEN_PATH, { method: "POST", credentials: "omit", body: ticket });
    const given = (await answer.json()) as Kept & { message?: string };
    if (!answer.ok) {
      end(given.message ?? "");
      return false;
    }
    token = given.token;
    keep(ticket, given);
    return true;
  } catch {
    end("The server does not answer.");
    return false;
  }
}

/** Saves a file that a link of the page names: a frame's links carry no token. */
export async function save(link: HTMLAnchorElement): Promise<void> {
  const answer = await send(link.pathname + link.search);
  if (!answer.ok) return;
  download(await answer.blob(), link.download || "file");
}

function end(said: string): void {
  token = "";
  for (const listener of listeners) listener(said);
}

function kept(ticket: string): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT + ticket) ?? "null") as Kept | null;
  } catch {
    return null; // a browser may forbid a frame its storage: then the view lives as long as the frame
  }
}

function keep(ticket: string, given: Kept): void {
  try {
    sessionStorage.setItem(KEPT + ticket, JSON.stringify(given));
  } catch {
    // see above
  }
}
