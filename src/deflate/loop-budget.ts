/** Work of zlib on the event loop in one turn, in bytes of output that cost as much: one to four milliseconds. */
const BYTES_PER_TURN = 512 * 1024

let spent = 0

/** How many bytes may still be worked through on the event loop before other callbacks get their turn. */
export function loopAllowance(): number {
  return Math.max(0, BYTES_PER_TURN - spent)
}

/** Notes work done on the event loop; it counts until the turn is over. */
export function chargeLoop(bytes: number): void {
  if (spent === 0 && bytes > 0) setImmediate(startTurn)
  spent += bytes
}

function startTurn(): void {
  spent = 0
}
