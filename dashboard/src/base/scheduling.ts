/** Keeps a page that draws much responsive. */

const REST_PER_WORK = 4;

/** Waits until the page has drawn, then four times as long as that took, so that it draws for at most a fifth of the time. */
export async function waitForIdle(): Promise<void> {
  const began = performance.now();
  await new Promise<void>((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  const took = performance.now() - began;
  await new Promise<void>((rested) => setTimeout(rested, REST_PER_WORK * took));
}
