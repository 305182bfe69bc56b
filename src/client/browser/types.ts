/** A message to send. A string is sent as text, anything else as binary. */
export type ClientData = string | ArrayBuffer | ArrayBufferView | Blob

/** The URL to connect to. A function is called before each attempt, for example to get a new token. */
export type UrlSource = string | URL | (() => string | URL | Promise<string | URL>)

/** How a connection ended, as in a `CloseEvent`. */
export interface CloseReport {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** The event `close`. It is final: no other connection follows. */
export type ClosedEvent = Event & CloseReport

/** The event `reconnecting`: a connection was lost or could not be established, and another attempt follows. */
export type ReconnectingEvent = Event &
  CloseReport & {
    /** 1 for the first attempt after a loss. */
    readonly attempt: number
    /** Time in milliseconds until that attempt. */
    readonly delay: number
  }

/** The events of a `ReconnectingWebSocket`, by name. */
export interface ClientEvents {
  /**
   * A connection was established, for the first time or after a loss. Messages in the outbox are sent after the
   * listeners of this event have run.
   */
  open: Event
  message: MessageEvent
  reconnecting: ReconnectingEvent
  /** The connection did not end cleanly. The event `close` follows. */
  error: Event
  close: ClosedEvent
}

/**
 * The part of `WebSocket` that the client uses. The `WebSocket` of browsers, of Node 22 and of npm `ws` has all of it.
 */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  readonly extensions: string
  binaryType: string
  send(data: ClientData): void
  close(code?: number, reason?: string): void
  // biome-ignore lint/suspicious/noExplicitAny: every implementation has its own event types
  addEventListener(type: string, listener: (event: any) => void): void
}

/** The parts of the platform that a client uses. Tests can replace them. */
export interface ClientEnvironment {
  WebSocket: new (url: string, protocols: string | string[]) => SocketLike
  /** The source of the events `online` and `offline`, if there is one. */
  network: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
  setTimeout(callback: () => void, delay: number): unknown
  clearTimeout(timer: never): void
  /** Returns a monotonic time in milliseconds. */
  now(): number
  /** Returns a random number from 0 to 1, excluding 1. */
  random(): number
}

/** Options of a `ReconnectingWebSocket`. Times are in milliseconds, sizes in bytes. */
export interface ClientOptions {
  /** Minimum delay before an attempt. Default 1000. */
  minDelay?: number | undefined
  /** Maximum delay before an attempt. Default 30000. */
  maxDelay?: number | undefined
  /** Maximum number of consecutive attempts without a connection that lasts ten seconds. Default: no limit. */
  maxAttempts?: number | undefined
  /** Time limit for an attempt. Default 10000. */
  connectTimeout?: number | undefined
  /**
   * Time without a message after which the text `ping` is sent, to which a view with the option `heartbeat` responds
   * with the text `pong`. Default 0: off.
   */
  heartbeatInterval?: number | undefined
  /** Time without a message after which the connection is considered lost. Default: `heartbeatInterval` + 5000. */
  heartbeatTimeout?: number | undefined
  /** Maximum total size of the messages that wait in the outbox for a connection. Default 1048576. */
  maxOutboxBytes?: number | undefined
  /** Maximum number of messages that wait in the outbox for a connection. Default 1000. */
  maxOutboxCount?: number | undefined
  /**
   * Returns whether to reconnect after this loss, or a promise for it. If it throws or rejects, the loss is final.
   * Default: true, except after 1000, 1005, 1008 and 4000–4999.
   */
  shouldReconnect?: ((report: CloseReport) => boolean | Promise<boolean>) | undefined
  /**
   * Returns the id of a message, from which the next connection resumes; undefined when the message has none. Called
   * before the listeners of the message. For rooms with history, use `readEnvelopeId`. Default: no ids.
   */
  lastId?: ((data: unknown) => string | undefined) | undefined
  /**
   * Returns the URL that requests the messages after `lastId`, or a promise for it. Default: `url` with the query
   * parameter `last=<lastId>`.
   */
  resumeUrl?: ((url: string, lastId: string) => string | URL | Promise<string | URL>) | undefined
  /** Aborting this signal closes the socket with 1000. Default: none. */
  signal?: AbortSignal | undefined
  /** Replaces parts of the platform, for tests or to provide a `WebSocket`. Default: the globals. */
  environment?: Partial<ClientEnvironment> | undefined
}
