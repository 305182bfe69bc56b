import { connect, type Socket } from 'node:net'
import type { CatalogueEntry } from '../../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../../src/conformance/catalogue/index.ts'
import { EventLog } from '../../../../src/conformance/client/event-log.ts'
import type { Launcher } from '../../../../src/conformance/client/launcher.ts'
import { closeBody, encodeFrame, Op } from '../../../../src/conformance/wire/index.ts'
import { assert, suite } from '../../../support/unit.ts'
import { tryClient } from '../../broken/try-client.ts'
import { PATIENT } from '../../broken/try-server.ts'

const test = suite('conformance/sections/client/answer')

const ENTRIES = [findEntry('client.resp.eof') as CatalogueEntry]

/** Starts clients that send a request. `onPart` is called with what has arrived at each part of the response. */
function launch(onPart: (socket: Socket, head: string, events: EventLog) => void): Launcher {
  return {
    crashTimes: [],
    output: '',
    start(url) {
      const { hostname, port, pathname, search, host } = new URL(url)
      const events = new EventLog()
      const socket = connect(Number(port), hostname)
      socket.write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      )
      let head = ''
      socket.on('data', (bytes) => {
        head += bytes.toString('latin1')
        // No case of this file sends a whole response, only the detection does.
        if (head.includes('\r\n\r\n')) socket.end()
        else onPart(socket, head, events)
      })
      socket.on('error', () => {})
      const exited = new Promise<string>((resolve) => socket.once('close', () => resolve('exit code 0')))
      const stop = async (): Promise<void> => void socket.destroy()
      return { events, exited, ask: () => false, stop }
    },
  }
}

async function verdictOf(onPart: Parameters<typeof launch>[0]): Promise<string> {
  const [result] = await tryClient(ENTRIES, new Set(), { launcher: launch(onPart), ...PATIENT })
  return result.verdict
}

test('a client that ends with the server, whatever part of the 101 it has, passes', async () => {
  assert.is(await verdictOf(() => {}), 'pass')
})

test('a client that reports “open” for a part of the 101 fails', async () => {
  assert.is(await verdictOf((_, __, events) => events.push({ event: 'open' })), 'fail')
})

test('a client that sends a frame after a part of the 101 fails', async () => {
  const close = encodeFrame({ opcode: Op.CLOSE, payload: closeBody(1006) }, () => Buffer.alloc(4))
  const failures = [/^HTTP\/1.1 101/, /\r\n$/].map((part) =>
    verdictOf((socket, head) => {
      if (part.test(head)) socket.write(close)
    }),
  )
  assert.equal(await Promise.all(failures), ['fail', 'fail'])
})
