/** A payload: text as a string, binary as a Buffer. */
export type Payload = string | Buffer

/** A position in the numbering of a topic. Counts of different epochs are not comparable. */
export interface Position {
  /** Identifies the numbering: a random token. A topic whose numbering was lost gets a new epoch. */
  readonly epoch: string
  /** Number of messages of the topic in this epoch. */
  readonly count: number
}

/** The process that published a message, and the number of the message in that process. */
export interface MessageSource {
  /** The `origin` of the broker in that process. */
  readonly origin: string
  /** The number among all messages of the process. It increases with each message. */
  readonly sequence: number
}

/** A message as it is published. */
export interface Publication {
  /** See `MessageSource`. */
  readonly sequence: number
  readonly payload: Payload
  /** Whether the message may be compressed for members. */
  readonly compress: boolean
}

/** A message that the broker has numbered. */
export interface TopicMessage extends Position, Publication, MessageSource {}

/** How many messages of each room are stored, and for how long. Both options are required. */
export interface HistoryOptions {
  /** Maximum number of messages, at least 1. */
  size: number
  /** How long a message is stored, in milliseconds, at least 1. */
  ttl: number
}

/** A message that has not been numbered yet. */
export interface Outgoing extends Publication {
  readonly topic: string
  readonly history: HistoryOptions | null
  /**
   * Number of messages of this topic that were dropped directly before this one. They are numbered, so that subscribers
   * detect the gap.
   */
  readonly skipped: number
}

/** The result of reading a topic's history. */
export interface HistoryRead {
  /** The messages in order. */
  readonly messages: readonly TopicMessage[]
  /** Whether the history has lost no message after the requested position. */
  readonly isComplete: boolean
  /** The newest position of the topic; null when the broker does not know it. */
  readonly position: Position | null
}

/** A subscriber of a topic in this process. */
export interface TopicListener {
  /** Called with each message. A message that this process has published comes back with its position. */
  onMessage(message: TopicMessage): void
  /**
   * Called when the subscription is active, for the first time or again. Messages up to this position that were not
   * delivered have been missed.
   */
  onSubscribed(position: Position): void
}

/** The state of a broker, and its counts since it was created. */
export interface BrokerStats {
  /** The kind of the broker: `memory`, `cluster` or `redis`. */
  kind: string
  /** `away` while other processes cannot be reached. Publications then wait. */
  state: 'up' | 'away'
  /** Number of messages that wait to be published. */
  waitingMessages: number
  /** Memory in bytes of the messages that wait to be published. */
  waitingBytes: number
  /** Number of messages that were published. A `MemoryBroker` counts only messages of rooms with history. */
  publishedMessages: number
  /** Number of messages that were dropped because too many were waiting. Other processes detect a gap. */
  droppedMessages: number
  /** How often the connection to the other processes was lost. */
  losses: number
  /** The last error, as text; null when there was none. */
  lastError: string | null
}

/**
 * Connects the rooms of several processes. A topic is a numbered sequence of messages. All subscribers get the messages
 * from one process in the order in which that process published them. A method does not throw or reject merely because
 * other processes cannot be reached.
 */
export interface Broker {
  /** The name of this broker, unique among the brokers of all processes. */
  readonly origin: string
  /** Whether there may be other processes. */
  readonly isShared: boolean
  /**
   * Subscribes to a topic, with at most one listener per topic. Resolves when the subscription is active. While the
   * broker is unavailable, the promise resolves at once and the broker subscribes later.
   */
  subscribe(topic: string, listener: TopicListener): Promise<void>
  /** Ends the subscription of a topic. The listener is not called anymore. */
  unsubscribe(topic: string): void
  /**
   * Sends a message to the other processes, and stores it unless `history` is null. Returns the position of the message
   * if the position is already known. Otherwise returns null, and the listener gets the position later, with the
   * message. The payload must not change after the call.
   */
  publish(topic: string, publication: Publication, history: HistoryOptions | null): Position | null
  /**
   * Reads the messages after `after`, including all that this process has published. Before the promise resolves, the
   * listener is called with each message up to the position that was read.
   */
  read(topic: string, after: Position): Promise<HistoryRead>
  /** Announces a value to the other processes until it is replaced, withdrawn with null, or this process ends. */
  announce(key: string, value: string | null): void
  /** Resolves to the values that other processes announce under a key. */
  presence(key: string): Promise<string[]>
  /** Resolves to the keys with this prefix that other processes announce. */
  presenceKeys(prefix: string): Promise<string[]>
  /** Returns the state of the broker, and its counts since it was created. */
  stats(): BrokerStats
  /** Withdraws all announcements and closes the connections that the broker has opened. */
  close(): Promise<void>
}
