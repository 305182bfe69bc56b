import { existsSync } from 'node:fs'
import { type Broker, Rooms, type View } from '../../index.ts'
import { Audience } from './audience.ts'
import { chooseLanguage } from './language.ts'
import { renderPage } from './page.ts'
import type { PageName } from './page-list.ts'
import { StaticFiles, sendHtml } from './static.ts'
import * as views from './views/index.ts'

/** The demo site: its paths and their views. */
export interface Demo {
  readonly urls: Readonly<Record<string, View>>
}

/** The built browser client, beside this file in the package, in `dist` when this runs from source. */
const CLIENT = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/client/browser.js' : '../../client/browser.js',
  import.meta.url,
)

/** Options of the demo site, and the place of this process among those that serve it. */
export interface DemoOptions {
  /** Connects the rooms of several processes. Default: a single process. */
  broker?: Broker
  /** The index of this process and the number of processes; visitors of different processes get different numbers. */
  seat?: { index: number; count: number }
  /** Whether this process has the service desk; only one of the processes may have it. Default true. */
  hasDesk?: boolean
  /** Paths of the files that pages may follow. Default: none. */
  tail?: readonly string[]
}

/**
 * Makes the demo site. A page and its WebSocket share one path and one view, as in the example of Python's dwebsocket.
 */
export function createDemo({
  broker,
  seat = { index: 0, count: 1 },
  hasDesk = true,
  tail = [],
}: DemoOptions = {}): Demo {
  const rooms = new Rooms({ broker })
  const assets = new StaticFiles(new URL('./assets/', import.meta.url))
  if (existsSync(CLIENT)) assets.add('client.js', CLIENT)
  const visitors = new Audience(rooms.room('visitors'))
  const people = new Audience(rooms.room('broadcast'))
  const desk = views.serviceDesk(page('desk'), page('desk-agent'), hasDesk)
  let numberCount = 0
  const nextNumber = (): number => seat.index + 1 + seat.count * numberCount++
  return {
    urls: {
      '/': page('index'),
      '/assets/:name': (request, response) => assets.send(request.params.name, request, response),
      '/favicon.ico': (request, response) => assets.send('favicon.svg', request, response),
      '/echo': views.echo(page('echo')),
      '/push': views.push(page('push')),
      '/notice': views.notice(page('notice'), visitors),
      '/notice/operator': views.operator(page('operator'), visitors),
      '/broadcast': views.broadcast(page('broadcast'), people, nextNumber),
      '/bullet': views.bullet(page('bullet'), broker),
      ...views.tailUrls(page('tail'), tail),
      '/transfer': views.transfer(page('transfer')),
      '/chat': views.chat(page('chat'), broker),
      '/desk': desk.customer,
      '/desk/agent': desk.agent,
      '/job': views.job(page('job'), broker),
    },
  }
}

function page(name: PageName): View {
  return async (request, response) => {
    const language = chooseLanguage(request.headers['accept-language'])
    sendHtml(await renderPage(name, language), request, response)
  }
}
