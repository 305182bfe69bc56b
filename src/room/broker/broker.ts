/** A payload: text as a string, binary as bytes. */
export type Payload = string | Buffer

/** A position in the numbering of a topic. Counts of different epochs cannot be compared. */
export interface Position {
  readonly epoch: string
  /** Messages that the topic has had in this epoch. */
  readonly count: number
}

/** Which process published a message, and the message's number there. */
export interface MessageSource {
  readonly origin: string
  /** The number among all messages of its process; it rises with every message. */
  readonly sequence: number
}

/** A message as it is published. */
export interface Publication {
  /** See `MessageSource`. */
  readonly sequence: number
  readonly payload: Payload
  /** Whether it may be compressed for members. */
  readonly compress: boolean
}

/** A message as the broker has numbered it. */
export interface TopicMessage extends Position, Publication, MessageSource {}

/** How many messages of a topic are stored, and how long. */
export interface HistoryOptions {
  /** The most messages. */
  size: number
  /** Milliseconds that a message is stored. */
  ttl: number
}

/** A message on its way to the part that numbers it. */
export interface Outgoing extends Publication {
  readonly topic: string
  readonly history: HistoryOptions | null
  /** Earlier messages of this topic that were dropped. They are numbered, so that subscribers notice the gap. */
  readonly skipped: number
}

/** The answer to reading a topic's history. */
export interface HistoryRead {
  /** In order. */
  readonly messages: readonly TopicMessage[]
  /** Whether no message is missing before or among them. */
  readonly isComplete: boolean
  /** The newest position of the topic; `null` when the broker does not know it. */
  readonly position: Position | null
}

/** The subscriber of a topic in this process. */
export interface TopicListener {
  /** Called with every message, also with the number of one that this process has published. */
  onMessage(message: TopicMessage): void
  /**
   * Called when the topic is subscribed, for the first time or again: messages up to this position that were not
   * delivered were missed.
   */
  onSubscribed(position: Position): void
}

/** The state of a broker, and its counts since it was made. */
export interface BrokerStats {
  kind: string
  /** `away` while other processes cannot be reached; publications wait meanwhile. */
  state: 'up' | 'away'
  /** Messages and bytes that wait to be published. */
  waitingMessages: number
  waitingBytes: number
  publishedMessages: number
  /** Messages that were dropped because too many waited; other processes count them as a gap. */
  droppedMessages: number
  /** How often the connection to the other processes was lost. */
  losses: number
  lastError: string | null
}

/**
 * Connects the rooms of several processes. A topic is a numbered sequence of messages; every subscriber gets the
 * messages of one process in the order in which they were published. No method throws or rejects because the other
 * processes cannot be reached.
 */
export interface Broker {
  /** The name of this process among the others. */
  readonly origin: string
  /** Whether there can be other processes. */
  readonly isShared: boolean
  /**
   * Subscribes to a topic, with at most one listener each. Resolves when it is subscribed, or at once when the broker
   * is away; then it subscribes when it can.
   */
  subscribe(topic: string, listener: TopicListener): Promise<void>
  unsubscribe(topic: string): void
  /**
   * Sends a message to the other processes and stores it when `history` is given. Returns its position if that is
   * known at once; otherwise the listener is called with it later. The payload must not change afterwards.
   */
  publish(topic: string, publication: Publication, history: HistoryOptions | null): Position | null
  /**
   * Reads the messages after `after`, including all that this process has published. When it resolves, the listener
   * has been called with every message up to the position that was read.
   */
  read(topic: string, after: Position): Promise<HistoryRead>
  /** Announces a value to the other processes until it is replaced, withdrawn with `null`, or this process ends. */
  announce(key: string, value: string | null): void
  /** The values that the other processes announce under a key. */
  presence(key: string): Promise<string[]>
  /** The keys with this prefix that the other processes announce. */
  presenceKeys(prefix: string): Promise<string[]>
  stats(): BrokerStats
  /** Withdraws all announcements and closes every connection of its own. */
  close(): Promise<void>
}
