import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../support/raw-client.ts'
import { frame } from '../support/wire.ts'
import { MIB } from './finding.ts'
import { Target } from './target.ts'

/** The default of `dwebsocket echo` (--max-message). */
export const MESSAGE_LIMIT = 16 * MIB

/** Header fields that offer permessage-deflate as browsers do. */
export const OFFER = ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']

/**
 * Runs an attack on a new, warm echo server. `growth` is the peak of its memory above the level before the attack, in
 * bytes.
 */
export async function onFreshEcho<T>(attack: (target: Target, growth: () => number) => Promise<T>): Promise<T> {
  const target = await Target.echo()
  try {
    await warmUp(target)
    const level = target.resident
    target.resetPeak()
    return await attack(target, () => Math.max(0, target.peak - level))
  } finally {
    await target.stop()
  }
}

/** Uses every feature once, so that no code runs for the first time in the attack, and waits until memory is stable. */
export async function warmUp(target: Target): Promise<void> {
  for (const headers of [[], OFFER]) {
    const client = await RawClient.open(target.port, { headers })
    const pieces = Buffer.concat(new Array(5_000).fill(frame(0, 'x', { fin: false })))
    for (let round = 0; round < 10; round++) {
      const before = client.frames.length
      const pings = new Array(100).fill(frame(9, 'x'.repeat(125)))
      client.send(...pings, frame(1, 'é'.repeat(50_000)), frame(2, '', { fin: false }))
      client.send(pieces, frame(0), frame(1, 'last'))
      await client.until(
        () => client.closed || client.frames.slice(before).some(({ payload }) => `${payload}` === 'last'),
      )
      client.frames.length = 0
    }
    await client.close()
  }
  await untilStable(target)
}

/** Waits until resident memory changes by less than 256 KiB in half a second, at most 10 s. */
export async function untilStable(target: Target): Promise<void> {
  let before = 0
  for (let i = 0; i < 20 && Math.abs(target.resident - before) > 256 * 1024; i++) {
    before = target.resident
    await sleep(500)
  }
}

/**
 * Writes `chunk` repeatedly until `total` bytes are written, the peer has closed, or the system has accepted nothing for
 * `patience` milliseconds. Returns the bytes that the system has accepted.
 */
export async function flood(client: RawClient, chunk: Buffer, total: number, patience: number): Promise<number> {
  const { socket } = client
  let progressAt = performance.now()
  let accepted = 0
  for (let written = 0; written < total && !client.closed; ) {
    if (socket.writableLength < MIB) {
      socket.write(chunk)
      written += chunk.length
    }
    await sleep(socket.writableLength < MIB ? 0 : 5)
    const now = socket.bytesWritten - socket.writableLength
    if (now > accepted) progressAt = performance.now()
    accepted = now
    if (performance.now() - progressAt > patience) break
  }
  return socket.bytesWritten - socket.writableLength
}

/** Waits until the server has closed the connection, at most `ms` milliseconds; returns the seconds since `start`. */
export async function untilClosed(client: RawClient, ms: number, start: number): Promise<number> {
  await Promise.race([client.until(() => client.closed || client.ended), sleep(ms, undefined, { ref: false })])
  return (performance.now() - start) / 1000
}
