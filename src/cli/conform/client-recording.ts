import { type AddressInfo, connect as connectTcp, createServer, type NetConnectOpts, type Socket } from 'node:net'
import {
  type CatalogueEntry,
  type ClientRunOptions,
  EventLog,
  type Launcher,
  type RecordedEvent,
  type RunResult,
  runClients,
} from '../../conformance/index.ts'
import type { ConformOptions } from './option.ts'
import { runOptionsOf } from './shared.ts'

/** What a case for clients has sent, and the URLs to which it made the client connect. */
export interface ClientRecording {
  events: readonly RecordedEvent[]
  urls: readonly string[]
  /** Whether the client had to close the connection. */
  isAsked: boolean
  result: RunResult
}

const MAX_MESSAGE = 16 * 1024 * 1024

/** Runs a case against this package's client, with the tester as the server. */
export async function recordClientCase(
  entry: CatalogueEntry,
  options: ConformOptions,
  timeout: number,
): Promise<ClientRecording> {
  const recorder = new ClientRecorder()
  const settings: ClientRunOptions & { onBegin(): void } = {
    ...runOptionsOf(options, { entries: [entry] }),
    host: '127.0.0.1',
    port: 0,
    launcher: recorder,
    timeout,
    repro: () => '',
    // The connection of the detection, and an earlier attempt, are no part of the case.
    onStart: () => recorder.clear(),
    onBegin: () => recorder.clear(),
  }
  const { outcomes } = await runClients(settings)
  const { events, urls, isAsked } = recorder
  return { events: withoutEnd(events), urls, isAsked, result: outcomes[0].result }
}

/** Returns the events without the resets by which the tester ends the connections of a case. */
function withoutEnd(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.filter((event, index) => {
    const previous = events.slice(0, index).findLast(({ connection }) => connection === event.connection)
    return event.kind !== 'reset' || previous?.kind === 'sent'
  })
}

/** Starts echo clients in this process and records their connections, as the tester sees them. */
class ClientRecorder implements Launcher {
  readonly crashTimes = []
  readonly output = ''
  events: RecordedEvent[] = []
  urls: string[] = []
  isAsked = false
  #connections = 0
  #last = performance.now()

  clear(): void {
    this.events = []
    this.urls = []
    this.isAsked = false
    this.#connections = 0
    this.#last = performance.now()
  }

  start(url: string) {
    this.urls.push(url)
    const events = new EventLog()
    const abort = new AbortController()
    let close: () => void = () => {}
    const isOpen = new Promise<void>((resolve) => {
      close = resolve
    })
    const client = runEcho(url, {
      events,
      signal: abort.signal,
      isAsked: isOpen,
      relay: this.#openRelay(),
    })
    const ended = client.then(() => 'exit code 0')
    const ask = (command: string): boolean => {
      if (command !== 'close') return false
      this.isAsked = true
      close()
      return true
    }
    const stop = async (): Promise<void> => {
      abort.abort()
      await ended
    }
    return { events, exited: ended, ask, stop }
  }

  /**
   * Starts a relay for one client, which also records what arrives when the client has ended the connection: a client
   * that refuses a response does not read the rest of it. Resolves to a function that connects through it.
   */
  async #openRelay(): Promise<(target: NetConnectOpts) => Socket> {
    let place: NetConnectOpts
    const relay = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      relay.close()
      this.#record(connectTcp({ ...place, allowHalfOpen: true, noDelay: true }), client)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    relay.unref()
    const { port } = relay.address() as AddressInfo
    return (target) => {
      place = target
      return connectTcp({ port, host: '127.0.0.1' })
    }
  }

  /** Forwards the bytes of two sockets to each other, and records them. */
  #record(tester: Socket, client: Socket): void {
    const { events } = this
    const connection = this.#connections++
    const add = (kind: RecordedEvent['kind'], bytes: Buffer = Buffer.alloc(0)): void => {
      const now = performance.now()
      events.push({ connection, kind, after: now - this.#last, bytes })
      this.#last = now
    }
    const forward = (from: Socket, to: Socket, data: 'sent' | 'received', end: 'fin-sent' | 'fin-received'): void => {
      from.on('data', (bytes: Buffer) => {
        add(data, bytes)
        if (to.writable) to.write(bytes)
      })
      from.on('end', () => {
        add(end)
        to.end()
      })
    }
    add('open')
    forward(tester, client, 'sent', 'fin-sent')
    forward(client, tester, 'received', 'fin-received')
    tester.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNRESET') add('reset')
      client.resetAndDestroy()
    })
    client.on('error', () => tester.end())
  }
}

interface EchoOptions {
  events: EventLog
  signal: AbortSignal
  /** Resolves when the client is to close. */
  isAsked: Promise<void>
  /** Resolves to how to connect. */
  relay: Promise<(target: NetConnectOpts) => Socket>
}

/** Connects and echoes until the connection ends. */
async function runEcho(url: string, { events, signal, isAsked, relay }: EchoOptions): Promise<void> {
  // Only this command needs the modules of the client.
  const { connect } = await import('../../index.ts')
  const open = await relay
  const createConnection = (target: object): Socket => open(target as NetConnectOpts)
  try {
    const connection = await connect(url, { deflate: true, maxMessageSize: MAX_MESSAGE, createConnection, signal })
    events.push({ event: 'open' })
    void isAsked.then(() => connection.close(1000))
    signal.addEventListener('abort', () => connection.terminate())
    await new Promise<void>((resolve) => {
      connection.onMessage = (data) => void connection.send(data)
      connection.onClose = () => resolve()
    })
    events.push({ event: 'close' })
  } catch {
    events.push({ event: 'error' })
  }
}
