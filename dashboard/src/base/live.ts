/** Says when it is time to look at the server again: while the page is seen, and when it is seen again. */

const EVERY_MS = 2000;

type Listener = () => void;
const listeners = new Set<Listener>();
let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  clearTimeout(timer);
  if (!listeners.size || document.hidden) return;
  for (const listener of [...listeners]) listener();
  timer = setTimeout(tick, EVERY_MS);
}

document.addEventListener("visibilitychange", tick);

/** Calls `listener` whenever something may have changed; returns how to end that. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  if (listeners.size === 1) timer = setTimeout(tick, EVERY_MS);
  return () => void listeners.delete(listener);
}

/** Makes every listener look at once, for what this page has changed itself. */
export function lookNow(): void {
  tick();
}
