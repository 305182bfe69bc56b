import { type ClientOptions, ReconnectingWebSocket, type UrlSource } from '../../src/client/browser.ts'

/** A WebSocket whose events the test dispatches. */
export class FakeSocket extends EventTarget {
  readonly url: string
  readonly protocols: string | string[]
  readonly sent: unknown[] = []
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  extensions = ''
  binaryType = 'unset'
  /** The arguments of the first call of `close`. */
  closedWith: unknown[] | undefined

  constructor(url: string, protocols: string | string[]) {
    super()
    this.url = url
    this.protocols = protocols
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(...args: unknown[]): void {
    this.closedWith ??= args
    if (this.readyState < 2) this.readyState = 2
  }

  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data, origin: 'ws://host' }))
  }

  lose(code = 1006, reason = '', wasClean = false): void {
    this.readyState = 3
    if (!wasClean) this.dispatchEvent(new Event('error'))
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean }))
  }
}

/** Timers that run when the test advances the time. */
export class FakeClock {
  time = 0
  readonly #timers = new Map<number, { at: number; callback: () => void }>()
  #lastId = 0

  get timerCount(): number {
    return this.#timers.size
  }

  setTimeout(callback: () => void, delay: number): number {
    this.#lastId += 1
    this.#timers.set(this.#lastId, { at: this.time + delay, callback })
    return this.#lastId
  }

  clearTimeout(id: number): void {
    this.#timers.delete(id)
  }

  /** Advances the time by `duration` milliseconds without running timers, as on a page in the background. */
  sleep(duration: number): void {
    this.time += duration
  }

  /** Advances the time by `duration` milliseconds. Each timer runs at its time. */
  advance(duration: number): void {
    const end = this.time + duration
    for (;;) {
      const [id, timer] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? []
      if (id === undefined || timer === undefined || timer.at > end) break
      this.#timers.delete(id)
      this.time = Math.max(this.time, timer.at)
      timer.callback()
    }
    this.time = end
  }
}

/** A client with a fake environment. */
export interface FakeWorld {
  readonly client: ReconnectingWebSocket
  readonly clock: FakeClock
  /** Every socket that the client has created, oldest first. */
  readonly sockets: FakeSocket[]
  readonly last: FakeSocket
  readonly network: EventTarget
  /** Every event of the client, as `open`, `message:data`, `reconnecting:attempt:delay:code`, `error`, `close:code`. */
  readonly events: string[]
}

/** Creates a client whose sockets, timers, random numbers and network events the test controls. */
export function makeWorld(
  options: ClientOptions & { url?: UrlSource; protocols?: string[]; random?: () => number } = {},
): FakeWorld {
  const { url = 'ws://host/path', protocols, random = () => 0, ...rest } = options
  const clock = new FakeClock()
  const sockets: FakeSocket[] = []
  const network = new EventTarget()
  class Socket extends FakeSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const client = new ReconnectingWebSocket(url, protocols, {
    ...rest,
    environment: {
      WebSocket: Socket,
      network,
      setTimeout: (callback, delay) => clock.setTimeout(callback, delay),
      clearTimeout: (id: number) => clock.clearTimeout(id),
      now: () => clock.time,
      random,
    },
  })
  const events: string[] = []
  client.addEventListener('open', () => events.push('open'))
  client.addEventListener('message', ({ data }) => events.push(`message:${data}`))
  client.addEventListener('reconnecting', ({ attempt, delay, code }) =>
    events.push(`reconnecting:${attempt}:${delay}:${code}`),
  )
  client.addEventListener('error', () => events.push('error'))
  client.addEventListener('close', ({ code }) => events.push(`close:${code}`))
  return {
    client,
    clock,
    sockets,
    network,
    events,
    get last() {
      return sockets[sockets.length - 1]
    },
  }
}
