import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { CatalogueEntry } from '../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../src/conformance/catalogue/index.ts'
import { Ledger } from '../../src/conformance/peer/ledger.ts'
import { parseTarget } from '../../src/conformance/peer/target.ts'
import { WireLog } from '../../src/conformance/peer/wire-log.ts'
import { Crowd } from '../../src/conformance/script/crowd.ts'
import type { RunContext } from '../../src/conformance/script/run-context.ts'
import { Trial } from '../../src/conformance/script/trial.ts'
import { Random } from '../../src/conformance/wire/random.ts'
import type { TestContext } from './unit.ts'

/** Starts a server that passes each socket to the test. Resolves to its URL. */
export async function startRawServer(t: TestContext, onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Starts a server that accepts every upgrade. `onBytes` is called with each chunk that the client then sends. */
export function startUpgradedServer(
  t: TestContext,
  onOpen: (socket: Socket) => void,
  onBytes: (socket: Socket, bytes: Buffer) => void = () => {},
): Promise<string> {
  return startRawServer(t, (socket) => {
    let head: Buffer | null = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      if (head === null) return onBytes(socket, chunk)
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      socket.write(switchingProtocols(head.toString('latin1')))
      const early = head.subarray(end + 4)
      head = null
      onOpen(socket)
      if (early.length > 0) onBytes(socket, early)
    })
  })
}

function switchingProtocols(head: string): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
  return ['HTTP/1.1 101 Switching Protocols', ...fields, '', ''].join('\r\n')
}

/** Creates what all cases of a run against this server share. */
export function contextFor(url: string, changes: Partial<RunContext> = {}): RunContext {
  return {
    target: parseTarget(url),
    capabilities: { echo: true, echoPrefix: '', greetings: 0, pmd: false, serverHeader: null, tls: null },
    ledger: new Ledger(),
    crowd: new Crowd(),
    timeout: 1000,
    idle: 250,
    seed: 1,
    subprotocol: null,
    long: false,
    maxMessage: 1 << 20,
    observations: {},
    ...changes,
  }
}

/** Creates a trial of this case against a server. */
export function createTrial(t: TestContext, url: string, id = 'hs.ok.minimal', changes?: Partial<RunContext>): Trial {
  const trial = new Trial(findEntry(id) as CatalogueEntry, contextFor(url, changes), new Random(1, id), new WireLog())
  t.after(() => trial.close())
  return trial
}
