/** Upper bounds of the latency histogram, in milliseconds. The last bucket has none. */
export const LATENCY_BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const

/** Counts what the connections of a server receive and send. */
export class Traffic {
  receivedMessages = 0
  sentMessages = 0
  /** Number of bytes received after the handshake, including frame headers. */
  receivedBytes = 0
  sentBytes = 0
  /** Number of messages dropped because of `overflow: 'drop'`. */
  droppedMessages = 0
  /** Number of connections that ended with each close code. */
  readonly closeCodes = new Map<number, number>()
  /**
   * Round-trip times of keepalive pings: a count for each bound of `LATENCY_BOUNDS`, and one for times above all
   * bounds.
   */
  readonly latency: number[] = new Array(LATENCY_BOUNDS.length + 1).fill(0)
  latencySum = 0

  countClose(code: number): void {
    this.closeCodes.set(code, (this.closeCodes.get(code) ?? 0) + 1)
  }

  countLatency(milliseconds: number): void {
    const bucket = LATENCY_BOUNDS.findIndex((bound) => milliseconds <= bound)
    this.latency[bucket === -1 ? LATENCY_BOUNDS.length : bucket]++
    this.latencySum += milliseconds
  }
}
