/** Maximum work of zlib on the event loop per turn, in bytes of output, which take one to four milliseconds. */
const BYTES_PER_TURN = 512 * 1024

let spent = 0

/** Returns how many bytes may still be processed on the event loop in this turn. */
export function loopAllowance(): number {
  return Math.max(0, BYTES_PER_TURN - spent)
}

/** Counts work done on the event loop, until the end of the turn. */
export function chargeLoop(bytes: number): void {
  if (spent === 0 && bytes > 0) setImmediate(startTurn)
  spent += bytes
}

function startTurn(): void {
  spent = 0
}
