import type { Socket } from 'node:net'
import type { Defects } from '../broken/defects.ts'

/** How the output of a socket is slowed down and split. */
interface Pace {
  /** Milliseconds before each write. */
  delay?: number
  /** Size of a piece in bytes. */
  size?: number
  /** Maximum size in bytes of a write that is split. */
  largest?: number
  /** Whether only the first write is affected. */
  first?: boolean
}

const PACES: Partial<Record<string, Pace>> = {
  '101-in-three-segments': { size: 50, first: true },
  'writes-in-pieces': { size: 1000 },
  'writes-octets': { size: 1, largest: 200 },
  'sends-close-in-two-segments': { size: 2, largest: 4 },
  'answers-slowly': { delay: 60 },
  'answers-very-slowly': { delay: 500 },
}

/** Makes a socket write as its quirk requires. An end waits for the writes before it. */
export function pace(socket: Socket, quirks: Defects): void {
  const found = [...quirks].flatMap((quirk) => PACES[quirk] ?? [])
  if (found.length === 0) return
  const { delay = 0, size = Number.POSITIVE_INFINITY, largest = Number.POSITIVE_INFINITY, first = false } = found[0]!
  const write = socket.write.bind(socket)
  const end = socket.end.bind(socket)
  let count = 0
  let tail = Promise.resolve()
  const queue = (action: () => void | Promise<void>): void => {
    tail = tail.then(action)
  }
  socket.write = ((data: Buffer | string, encoding?: BufferEncoding): boolean => {
    const bytes = typeof data === 'string' ? Buffer.from(data, encoding) : data
    const isWhole = bytes.length > largest || (first && count++ > 0)
    queue(async () => {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      for (let at = 0; at < bytes.length && !socket.destroyed; at += isWhole ? bytes.length : size) {
        write(isWhole ? bytes : bytes.subarray(at, at + size))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    return true
  }) as Socket['write']
  socket.end = ((): Socket => {
    queue(() => void end())
    return socket
  }) as Socket['end']
}
