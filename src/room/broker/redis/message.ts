import type { MessageSource, Publication, TopicMessage } from '../broker.ts'

/**
 * Formats a payload: a letter for text or binary, in upper case when it must not be compressed, followed by the bytes.
 */
export function formatBody({ payload, compress }: Publication): Buffer {
  const kind = typeof payload === 'string' ? 't' : 'b'
  const letter = Buffer.from(compress ? kind : kind.toUpperCase())
  return Buffer.concat([letter, typeof payload === 'string' ? Buffer.from(payload) : payload])
}

/** The form of an epoch and of an origin. */
const token = /^[\w-]{1,32}$/

/**
 * Parses a message from a topic's channel, `epoch count origin sequence body`. Returns null when it is malformed,
 * because any client of Redis can publish on the channel.
 */
export function parseTopicMessage(bytes: Buffer): TopicMessage | null {
  const [epoch, count, text] = splitOff(bytes)
  const message = { epoch, count: Number(count), ...parseMessage(text) }
  const isValid = token.test(epoch) && token.test(message.origin) && message.count > 0 && message.sequence > 0
  return isValid ? message : null
}

/** Parses `origin sequence body`. */
export function parseMessage(text: Buffer): Publication & MessageSource {
  const [origin, sequence, body] = splitOff(text)
  const letter = body.toString('latin1', 0, 1)
  const kind = letter.toLowerCase()
  // A view would keep the client's whole buffer alive.
  const payload = kind === 't' ? body.toString('utf8', 1) : Buffer.from(body.subarray(1))
  return { origin, sequence: Number(sequence), payload, compress: letter === kind }
}

/** Splits off the first two fields of a message. The rest may be binary. */
function splitOff(bytes: Buffer): [string, string, Buffer] {
  const first = bytes.indexOf(' ')
  const second = bytes.indexOf(' ', first + 1)
  return [bytes.toString('latin1', 0, first), bytes.toString('latin1', first + 1, second), bytes.subarray(second + 1)]
}
