import { createHash } from 'node:crypto'
import { accept_websocket, type Broker, Rooms, Users, type View } from '../../../index.ts'
import { isCount, isText, parseObject } from '../message.ts'
import { Roster } from '../roster.ts'

/** Peers send at most 2,000 characters of text, at the pace of people who type. */
const TYPED = { maxMessageSize: 8 * 1024, messageRate: { perSecond: 20, burst: 400 }, heartbeat: true }

const MAX_TEXT = 2_000
const HISTORY = { size: 200, ttl: 60 * 60 * 1000 }

/** A person on a page; `id` is derived from a secret key that only that page knows. */
interface Person {
  readonly id: string
  readonly name: string
}

/** What a page sends: a message to the room or to one person, or a receipt for a private message. */
type Request = { n: number; text: string; to?: string } | { received: number; from: string; page: string }

/**
 * Runs the chat: rooms with history, private messages, presence. Every page numbers its messages and repeats them after
 * a lost connection until they are sent back to it, and every page ignores messages that it has already received. So
 * each message is shown once, in order, and the server stores nothing about people.
 */
export function chat(page: View, broker?: Broker): View {
  const rooms = new Rooms({ broker, history: HISTORY })
  const users = new Users({ broker })
  const roster = new Roster('chat people ', broker)
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket: session, query } = request
    const visit = readVisit(query)
    if (visit === null) return session.close(1008, 'a name, a room and a key are needed')
    const { me, place } = visit
    const room = rooms.room(`chat ${place}`)
    session.send(JSON.stringify({ me, place }))
    users.add(me.id, session)
    roster.enter(place, session, me)
    // An empty id requests everything that is stored.
    const { isComplete } = await room.join(session, { last: query.get('last') ?? '' })
    session.send(JSON.stringify({ joined: true, isComplete }))
    for await (const message of session) {
      const asked = readRequest(message)
      if (asked === null) return session.close(1008, 'not a message of the chat')
      if ('received' in asked) {
        users.send(asked.from, JSON.stringify({ received: asked.received, page: asked.page, by: me.id }))
        continue
      }
      const { n, text, to } = asked
      const said = { from: me, page: visit.page, n, text, time: new Date().toISOString() }
      if (to === undefined) room.broadcast(JSON.stringify(said))
      else users.send(to, JSON.stringify({ whisper: said }))
    }
  }, TYPED)
}

/** Reads the person, the page and the room. Returns `null` when the query is invalid. */
function readVisit(query: URLSearchParams): { me: Person; page: string; place: string } | null {
  const [key, page] = [query.get('key') ?? '', query.get('page') ?? '']
  const [name, place] = [query.get('name')?.trim() ?? '', query.get('room')?.trim() ?? '']
  if (!/^\w{16,64}$/.test(key) || !/^\w{16,64}$/.test(page)) return null
  if (name === '' || name.length > 30 || place === '' || place.length > 40) return null
  return { me: { id: createHash('sha256').update(key).digest('hex').slice(0, 12), name }, page, place }
}

function readRequest(message: string | Buffer): Request | null {
  const { n, text, to, received, from, page } = parseObject(message)
  if (isCount(received) && isId(from) && isId(page)) return { received, from, page }
  if (!isCount(n) || !isText(text, MAX_TEXT)) return null
  if (to === undefined) return { n, text }
  return isId(to) ? { n, text, to } : null
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^\w{12,64}$/.test(value)
