/** A message to send: a string goes as text, everything else as binary. */
export type ClientData = string | ArrayBuffer | ArrayBufferView | Blob

/** Where to connect; a function is called before each attempt, for example for a fresh token. */
export type UrlSource = string | URL | (() => string | URL | Promise<string | URL>)

/** How a connection ended, as in a `CloseEvent`. */
export interface CloseReport {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** The event `close`: final, no other connection follows. */
export type ClosedEvent = Event & CloseReport

/** The event `reconnecting`: a connection was lost or could not be made, and another follows. */
export type ReconnectingEvent = Event &
  CloseReport & {
    /** 1 for the first attempt after a loss. */
    readonly attempt: number
    /** Milliseconds until that attempt. */
    readonly delay: number
  }

/** The events of a `ReconnectingWebSocket` by name. */
export interface ClientEvents {
  /** Connected, again after each loss. Messages in the outbox are sent after the listeners of this event have run. */
  open: Event
  message: MessageEvent
  reconnecting: ReconnectingEvent
  /** The connection did not end cleanly; `close` follows. */
  error: Event
  close: ClosedEvent
}

/** The part of `WebSocket` that is used; those of browsers, of Node 22 and of npm `ws` have it. */
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

/** The surroundings of a client; tests replace them. */
export interface ClientEnvironment {
  WebSocket: new (url: string, protocols: string | string[]) => SocketLike
  /** The source of the events `online` and `offline`, if there is one. */
  network: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
  setTimeout(callback: () => void, delay: number): unknown
  clearTimeout(timer: never): void
  /** Milliseconds that never go back. */
  now(): number
  /** From 0 up to, but not including, 1. */
  random(): number
}

/** Options of a `ReconnectingWebSocket`; times in milliseconds, sizes in bytes. */
export interface ClientOptions {
  /** The shortest delay before an attempt. Default 1000. */
  minDelay?: number | undefined
  /** The longest delay before an attempt. Default 30000. */
  maxDelay?: number | undefined
  /** Attempts that may follow each other without a connection of ten seconds. Default: no limit. */
  maxAttempts?: number | undefined
  /** How long an attempt may take. Default 10000. */
  connectTimeout?: number | undefined
  /**
   * Silence after which the text `ping` is sent, and the text `pong` expected, which a view with the option `heartbeat`
   * answers. Default 0: off.
   */
  heartbeatInterval?: number | undefined
  /** Silence after which the connection counts as lost. Default: `heartbeatInterval` and 5000 more. */
  heartbeatTimeout?: number | undefined
  /** Bytes that may wait in the outbox while there is no connection. Default 1048576. */
  maxOutboxBytes?: number | undefined
  /** Messages that may wait in the outbox while there is no connection. Default 1000. */
  maxOutboxCount?: number | undefined
  /** Whether to connect again after this loss. Default: yes, except after 1000, 1005, 1008 and 4000–4999. */
  shouldReconnect?: ((report: CloseReport) => boolean) | undefined
  /** The id of a message, for resuming after it; `readEnvelopeId` reads that of a room. Default: no ids. */
  lastId?: ((data: unknown) => string | undefined) | undefined
  /** The address that asks for what came after `lastId`. Default: `url` with the query `last=<lastId>`. */
  resumeUrl?: ((url: string, lastId: string) => string) | undefined
  /** Aborting it closes with 1000. */
  signal?: AbortSignal | undefined
  environment?: Partial<ClientEnvironment> | undefined
}
