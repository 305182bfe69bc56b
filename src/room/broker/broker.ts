/** What travels: text as a string, binary as bytes. */
export type Payload = string | Buffer

/** A place in the numbering of a topic. Numbers of different epochs have nothing to do with each other. */
export interface Position {
  readonly epoch: string
  /** How many messages the topic has had in this epoch. */
  readonly count: number
}

/** A message as it is published. */
export interface Publication {
  /** Its number among all that its process publishes; rises with every message. */
  readonly sequence: number
  readonly payload: Payload
  /** Whether it may be compressed on its way to members. */
  readonly compress: boolean
}

/** A message as the broker numbers it. */
export interface TopicMessage extends Position, Publication {
  /** The process that published it. */
  readonly origin: string
}

/** How much of a topic is kept. */
export interface HistoryOptions {
  /** Messages that are kept. */
  size: number
  /** Milliseconds that a message is kept. */
  ttl: number
}

/** What was read of a topic's history. */
export interface HistoryRead {
  /** In order. */
  readonly messages: readonly TopicMessage[]
  /** Whether these are all that followed; otherwise some before or among them are gone. */
  readonly isComplete: boolean
  /** Where the topic is now; `null` when the broker cannot tell. */
  readonly position: Position | null
}

/** Who listens to a topic in this process. */
export interface TopicListener {
  /** A message, also this process's own: then it is only told its number. */
  onMessage(message: TopicMessage): void
  /** The subscription is there, or there again: what came before this position and was not delivered was missed. */
  onSubscribed(position: Position): void
}

/** How a broker is. Counts since it was made. */
export interface BrokerStats {
  kind: string
  /** `away` while other processes cannot be reached; what is published then waits. */
  state: 'up' | 'away'
  /** Messages and bytes that wait to be published. */
  waitingMessages: number
  waitingBytes: number
  publishedMessages: number
  /** Messages that found no room to wait; other processes count them as a gap. */
  droppedMessages: number
  /** Times that the way to the other processes was lost. */
  losses: number
  lastError: string | null
}

/**
 * What connects the rooms of several processes. A topic is a numbered sequence of messages; every subscriber gets
 * those of one process in the order they were published. Nothing here throws or rejects for the state of the world.
 */
export interface Broker {
  /** This process, as the others know it. */
  readonly origin: string
  /** Whether there may be others. */
  readonly isShared: boolean
  /**
   * Listens to a topic, at most one listener each; resolves once it is subscribed, or at once when the broker is away:
   * it will be subscribed as soon as it can.
   */
  subscribe(topic: string, listener: TopicListener): Promise<void>
  unsubscribe(topic: string): void
  /**
   * Sends a message to the other processes, and keeps it if `history` is given. Returns its position when that is
   * known at once; otherwise the listener is told later. Its payload must not change afterwards.
   */
  publish(topic: string, publication: Publication, history: HistoryOptions | null): Position | null
  /**
   * What followed `after`, everything this process has published included. Resolves in order with the messages: the
   * listener has been brought all up to the position that is read.
   */
  read(topic: string, after: Position): Promise<HistoryRead>
  /** Tells the other processes a value, until it is told anew, withdrawn with `null`, or this process dies. */
  announce(key: string, value: string | null): void
  /** What the other processes announce under a key. */
  presence(key: string): Promise<string[]>
  /** The keys with this beginning that the other processes announce. */
  presenceKeys(beginning: string): Promise<string[]>
  stats(): BrokerStats
  /** Withdraws what was announced and lets go of every connection of its own. */
  close(): Promise<void>
}
