/** Blocks the event loop for some milliseconds. Timers become due, and input arrives that nobody reads. */
export function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}
