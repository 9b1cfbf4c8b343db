/** Work of a page in turns: one part in each frame, so that the page answers in between. */

type Work = () => void;

const waiting = new Set<Work>();
let isScheduled = false;

/** Runs `work` in a frame of its own, after what waits already. Work that waits is not added again. */
export function inTurn(work: Work): void {
  waiting.add(work);
  if (!isScheduled) schedule();
}

/** Takes back work that still waits. */
export function cancelTurn(work: Work): void {
  waiting.delete(work);
}

function schedule(): void {
  isScheduled = true;
  requestAnimationFrame(() => setTimeout(runNext)); // after the frame is painted
}

function runNext(): void {
  isScheduled = false;
  const [work] = waiting;
  if (!work) return;
  waiting.delete(work);
  if (waiting.size) schedule();
  work();
}
