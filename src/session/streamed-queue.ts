import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import { IncomingStreams } from './incoming-streams.ts'
import { MessageQueue, readQueueMarks } from './message-queue.ts'

/** Replaces the queue of a session that receives its messages in parts, and so has no whole messages. */
class StreamedQueue extends MessageQueue {
  readonly #streams: IncomingStreams

  constructor(streams: IncomingStreams) {
    super(readQueueMarks(), { pause() {}, resume() {} })
    this.#streams = streams
  }

  /** Called with a message during whose delivery the session began to receive parts. */
  override push(message: Data): void {
    this.#streams.add(message)
  }

  /** @throws {TypeError} always. */
  override addWaiter(): void {
    throw new TypeError('wait() after stream(); allowed: stream()')
  }
}

/** Receives the messages of `connection` in parts from now on, beginning with those in `queue`. */
export function openStreams(connection: Connection, queue: MessageQueue, onMessage: () => unknown) {
  const streams = new IncomingStreams(connection, onMessage)
  const streamed = new StreamedQueue(streams)
  // Input that waits for the connection to be resumed must come after the messages in the queue.
  const isPaused = queue.releaseSource()
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) streams.add(message)
  streams.start(isPaused)
  if (queue.hasEnded) {
    streamed.end()
    streams.end()
  }
  return { streams, queue: streamed }
}
