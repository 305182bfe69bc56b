import { accept_websocket, type Broker, Rooms, type View } from '../../index.ts'

/** What is kept of the comments: whoever opens the page sees the last of them fly by first. */
const HISTORY = { size: 30, ttl: 120_000 }

const MAX_TEXT_LENGTH = 100
const MAX_KEY_LENGTH = 32
const COLORS = ['white', 'yellow', 'pink', 'mint', 'sky']

/** A writer who is faster than this is read from more slowly. */
const COMMENTS = { heartbeat: true, maxMessageSize: 1024, messageRate: { perSecond: 2, burst: 6 } }

/** Comments that fly over a moving picture: each goes to everybody who watches, in all processes. */
export function bullet(page: View, broker?: Broker): View {
  const room = new Rooms({ broker, history: HISTORY }).room('bullet')
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket, query } = request
    // No id at all asks for everything that is kept, just as one that is too old.
    await room.join(websocket, { last: query.get('last') ?? '' })
    for await (const message of websocket) {
      const comment = readComment(message)
      if (comment !== null) room.broadcast(JSON.stringify(comment))
    }
  }, COMMENTS)
}

/** A comment, checked. */
export interface Comment {
  /** One line without spaces around it, of 1 to 100 UTF-16 units. */
  readonly text: string
  readonly color: string
  /** What the page calls itself, so that it knows its own comments again; anybody can take any. */
  readonly key: string
}

/** Reads the JSON of a page; `null` for what is no comment. */
export function readComment(message: string | Buffer): Comment | null {
  if (typeof message !== 'string') return null
  const { text, color, key } = parseObject(message)
  if (typeof text !== 'string' || typeof color !== 'string' || typeof key !== 'string') return null
  const line = text.replace(/\s+/g, ' ').trim()
  if (line === '' || line.length > MAX_TEXT_LENGTH || key.length > MAX_KEY_LENGTH || !COLORS.includes(color))
    return null
  return { text: line, color, key }
}

function parseObject(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}
