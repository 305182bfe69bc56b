import { existsSync } from 'node:fs'
import { accept_websocket, type Broker, Rooms, type View } from '../../index.ts'
import { Audience } from './audience.ts'
import { bullet } from './bullet.ts'
import { chat } from './chat.ts'
import { serviceDesk } from './desk.ts'
import { job } from './job.ts'
import { StaticFiles, sendText } from './static.ts'
import { tailUrls } from './tail.ts'

/** People type what these views take: 2,000 characters are at most 6,000 bytes. */
const SHORT_MESSAGES = { maxMessageSize: 8 * 1024 }

/** The demo site: its paths and the view behind each. */
export interface Demo {
  readonly urls: Readonly<Record<string, View>>
}

/** The browser client, built: beside this file in the package, in `dist` when this runs from source. */
const CLIENT = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/client/browser.js' : '../../client/browser.js',
  import.meta.url,
)

/** What the operator says about the demo site, and where this process stands among those that serve it. */
export interface DemoOptions {
  /** What connects the rooms of these processes. Default: there is one process. */
  broker?: Broker
  /** Its place and how many there are, so that no two visitors get the same number. */
  seat?: { index: number; count: number }
  /** Whether this is the one of the processes on a port that has the service desk. Default true. */
  hasDesk?: boolean
  /** Paths of the files that pages may follow. Default: none. */
  tail?: readonly string[]
}

/** Makes the demo site. A page and its WebSocket share one address and one view, as in dwebsocket's own example. */
export function createDemo({
  broker,
  seat = { index: 0, count: 1 },
  hasDesk = true,
  tail = [],
}: DemoOptions = {}): Demo {
  const rooms = new Rooms({ broker })
  let numberCount = 0
  const nextNumber = (): number => seat.index + 1 + seat.count * numberCount++
  const files = new StaticFiles(new URL('./pages/', import.meta.url))
  if (existsSync(CLIENT)) files.add('client.js', CLIENT)
  const page =
    (name: string): View =>
    (request, response) =>
      files.send(name, request, response)
  const visitors = new Audience(rooms.room('visitors'))
  const desk = serviceDesk(page('desk.html'), page('desk-agent.html'), hasDesk)
  return {
    urls: {
      '/': page('index.html'),
      '/assets/:name': (request, response) => files.send(request.params.name, request, response),
      '/favicon.ico': page('favicon.svg'),
      '/echo': echo(page('echo.html')),
      '/push': push(page('push.html')),
      '/notice': notice(page('notice.html'), visitors),
      '/notice/operator': operator(page('operator.html'), visitors),
      '/broadcast': broadcast(page('broadcast.html'), new Audience(rooms.room('broadcast')), nextNumber),
      '/bullet': bullet(page('bullet.html'), broker),
      ...tailUrls(page('tail.html'), tail),
      '/chat': chat(page('chat.html'), broker),
      '/desk': desk.customer,
      '/desk/agent': desk.agent,
      '/job': job(page('job.html'), broker),
    },
  }
}

/** Sends every message back; `GET /echo?message=hi` answers `hi` over plain HTTP. */
function echo(page: View): View {
  return accept_websocket(async (request, response) => {
    if (request.is_websocket()) {
      for await (const message of request.websocket) await request.websocket.send(message)
      return
    }
    const message = request.query.get('message')
    if (message === null) return page(request, response)
    sendText(response, message)
  })
}

/** Sends the time at every full second, for as long as somebody is there. */
function push(page: View): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    while (!request.websocket.is_closed()) {
      await request.websocket.send(new Date().toISOString())
      // A timer may be a millisecond early: a little past the full second is never in the second before.
      await request.websocket.wait({ timeout: 1005 - (Date.now() % 1000) })
    }
  })
}

/** A visitor's page: it listens until it is closed. */
function notice(page: View, visitors: Audience): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await visitors.stay(request.websocket)
  }, SHORT_MESSAGES)
}

/** The operator's page: each text goes to every visitor, and the operator is told how many got it. */
function operator(page: View, visitors: Audience): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    for await (const message of request.websocket) {
      const time = new Date().toISOString()
      const text = String(message)
      const visitorCount = await visitors.tell({ time, text })
      await request.websocket.send(JSON.stringify({ time, text, visitorCount }))
    }
  }, SHORT_MESSAGES)
}

/** Everybody on the page gets every message, also the one who wrote it. */
function broadcast(page: View, people: Audience, nextNumber: () => number): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const number = nextNumber()
    await request.websocket.send(JSON.stringify({ you: number }))
    await people.stay(request.websocket, (message) => {
      void people.tell({ from: number, time: new Date().toISOString(), text: String(message) })
    })
  }, SHORT_MESSAGES)
}
