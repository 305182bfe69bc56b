import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import type { LoadOrder } from '../../../bench/load/workload.ts'
import { planRow, QUICK, type RowSketch } from '../../../bench/measure/row-plan.ts'
import { buildFrame, CLOSE, type Frame, readFrame } from '../../../bench/wire/frame.ts'
import type { TestContext } from '../../support/unit.ts'

/** A frame that a fake server replies to. */
export interface FakeRequest {
  socket: Socket
  frame: Frame
  /** Number of earlier frames on all connections. */
  index: number
  /** Every open socket. */
  sockets: ReadonlySet<Socket>
}

/** Starts a server that replies to every data frame with `answer`, right or wrong. Resolves to its port. */
export function startFakeServer(t: TestContext, answer: (request: FakeRequest) => void): Promise<number> {
  const sockets = new Set<Socket>()
  let index = 0
  const server = createServer((socket) => {
    let pending: Buffer = Buffer.alloc(0)
    let isOpen = false
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      if (!isOpen) {
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) return
        socket.write(acceptance(pending.toString('latin1', 0, end)))
        pending = pending.subarray(end + 4)
        isOpen = true
      }
      for (let frame = readFrame(pending, 0); frame; frame = readFrame(pending, 0)) {
        pending = pending.subarray(frame.size)
        if (frame.opcode === CLOSE) socket.end(buildFrame(CLOSE, frame.payload))
        else answer({ socket, frame, index: index++, sockets })
      }
    })
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

function acceptance(head: string): string {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

/** Sends a frame back unchanged. */
export const echo = ({ socket, frame }: FakeRequest): void => {
  socket.write(buildFrame(frame.opcode, frame.payload))
}

/** Makes a short order for a local port. */
export function makeOrder(port: number, workload: RowSketch['workload']): LoadOrder {
  const pace = { ...QUICK, warmupMs: 20, durationMs: 50 }
  const row = planRow({ id: 'test', title: 'test', peers: [], workload }, pace)
  return {
    ...row.workload,
    target: { host: '127.0.0.1', port, path: '/', tls: false, http2: false },
    dialect: 'websocket',
  }
}
