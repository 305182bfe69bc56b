import type { HistoryRead, Outgoing, Position, TopicMessage } from '../broker.ts'
import { makeToken, selectAfter } from '../history.ts'
import type { RedisConnection } from './connection.ts'
import { formatBody, parseMessage } from './message.ts'
import { encodeName, type RedisNames } from './names.ts'
import { runScript } from './script.ts'

/**
 * How long the numbering of a silent topic is stored, in milliseconds. It is stored at least as long as any history.
 */
const TOPIC_TTL = 24 * 60 * 60 * 1000

/** The commands for topics. Each rejects when Redis is unavailable, refuses the command, or does not reply in time. */
export class TopicCommands {
  readonly #connection: RedisConnection
  readonly #names: RedisNames
  readonly #origin: string
  readonly #historyBytes: number

  constructor(connection: RedisConnection, names: RedisNames, origin: string, historyBytes: number) {
    this.#connection = connection
    this.#names = names
    this.#origin = origin
    this.#historyBytes = historyBytes
  }

  /** @param renewal When it is not null, all topics first get a new epoch, once for each value. */
  publish(batch: readonly Outgoing[], renewal: string | null): Promise<unknown> {
    const args: (string | Buffer)[] = [this.#origin, String(this.#historyBytes), renewal ?? '']
    for (const { topic, skipped, history, ...publication } of batch) {
      const stored = [String(history?.size ?? 0), String(history?.ttl ?? 0)]
      const numbers = [String(publication.sequence), String(skipped), ...stored]
      args.push(encodeName(topic), ...numbers, formatBody(publication))
    }
    return runScript(this.#connection, 'publish', [...this.#head(), ...args])
  }

  /** Makes Redis publish the positions of topics on the channel of this process. */
  locate(topics: readonly string[]): Promise<unknown> {
    const args = [...this.#head(), this.#names.ownChannel, ...topics.map(encodeName)] as const
    return runScript(this.#connection, 'locate', args)
  }

  /** Reads the history of a topic, and makes Redis publish a mark on the channel of this process. */
  async read(topic: string, after: Position, mark: string): Promise<HistoryRead> {
    const args = [this.#names.ownChannel, mark, encodeName(topic), after.epoch, String(after.count)]
    const reply = await runScript(this.#connection, 'read', [...this.#head(), ...args])
    const [epoch, count, ...entries] = (reply as (Buffer | string)[]).map(toBytes)
    const position = { epoch: String(epoch), count: Number(count) }
    const messages: TopicMessage[] = []
    for (let i = 0; i < entries.length; i += 2) {
      messages.push({ epoch: position.epoch, count: Number(entries[i]), ...parseMessage(entries[i + 1]) })
    }
    return selectAfter(messages, after, position)
  }

  /** Makes Redis publish a mark on the channel of this process. */
  mark(mark: string): Promise<unknown> {
    return runScript(this.#connection, 'mark', [this.#names.prefix, this.#names.ownChannel, mark])
  }

  /** Returns the first arguments of all scripts that handle topics. The token becomes the epoch of new topics. */
  #head(): [string, string, string] {
    return [this.#names.prefix, makeToken(), String(TOPIC_TTL)]
  }
}

/** Converts a reply to bytes, because some clients return text as a string. */
function toBytes(reply: Buffer | string): Buffer {
  return typeof reply === 'string' ? Buffer.from(reply) : reply
}
