/** How a page that has much to draw keeps time for the hands on it. */

const REST_PER_WORK = 4;

/** Waits until the page has drawn, and then four times as long as that took: it is at work for a fifth of the time at most. */
export async function waitForIdle(): Promise<void> {
  const began = performance.now();
  await new Promise<void>((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  const took = performance.now() - began;
  await new Promise<void>((rested) => setTimeout(rested, REST_PER_WORK * took));
}
