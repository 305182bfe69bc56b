import { type Agent, type Arrival, buildAnswer, type ClientRequest } from '../../client/index.ts'
import { closeBody, encodeFrame, FrameReader, fieldValue, Op } from '../../wire/index.ts'

/** Milliseconds for a client to end a connection that only delivered a text message. */
const LINGER = 2_000

/** Returns whether the request is an upgrade request, possibly a malformed one. */
export function isUpgrade(request: ClientRequest): boolean {
  return (
    fieldValue(request, 'sec-websocket-key') !== null ||
    fieldValue(request, 'sec-websocket-version') !== null ||
    fieldValue(request, 'upgrade') !== null
  )
}

/**
 * Responds in the protocol of Autobahn: opens the connection, sends the text if there is one, and closes (RFC 6455
 * §4.2.2, §7.1.2). TCP ends after both Close frames, because a client may lose bytes that arrive together with the end
 * (§5.5.1). Resolves when the connection has ended.
 */
export function answerAndClose({ transport, request }: Arrival, text?: string): Promise<void> {
  const { stream } = transport
  const frames = [
    ...(text === undefined ? [] : [{ opcode: Op.TEXT, payload: text, mask: false }]),
    { opcode: Op.CLOSE, payload: closeBody(1000), mask: false },
  ].map((spec) => encodeFrame(spec, () => Buffer.alloc(4)))
  stream.write(Buffer.concat([buildAnswer(request), ...frames]))
  const reader = new FrameReader()
  stream.on('data', (chunk: Buffer) => {
    if (reader.push(chunk).some(({ opcode }) => opcode === Op.CLOSE)) stream.end()
  })
  stream.once('end', () => stream.end())
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), LINGER)
  return new Promise((resolve) => {
    stream.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Responds to a plain HTTP request and ends the connection (RFC 9112 §6). */
export function respond({ transport }: Arrival, status: string, type: string, body: string): void {
  const bytes = Buffer.from(body)
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    '',
  ].join('\r\n')
  transport.stream.end(Buffer.concat([Buffer.from(head), bytes]))
  transport.stream.resume()
}

/**
 * Uses the connection for commands to the page, one event for each (WHATWG HTML, server-sent events). Resolves when the
 * page has ended the connection.
 */
export function streamCommands({ transport }: Arrival, agent: Agent): Promise<void> {
  const { stream } = transport
  stream.write(
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n:\n\n',
  )
  stream.resume()
  const command = (number: number, name: string): boolean =>
    stream.write(`data: ${JSON.stringify({ number, command: name })}\n\n`) || true
  agent.command = command
  stream.once('end', () => stream.end())
  return new Promise((resolve) => {
    stream.once('close', () => {
      if (agent.command === command) agent.command = null
      resolve()
    })
  })
}
