import { accept_websocket, type Broker, Rooms, type View } from '../../../index.ts'

/** The comments that are stored. A page shows the last of them when it opens. */
const HISTORY = { size: 30, ttl: 120_000 }

const MAX_TEXT_LENGTH = 100
const MAX_KEY_LENGTH = 32
const COLORS = ['white', 'yellow', 'pink', 'mint', 'sky']

/** Limits the rate at which the comments of one page are read. */
const COMMENTS = { heartbeat: true, maxMessageSize: 1024, messageRate: { perSecond: 2, burst: 6 } }

/** Lets comments fly over an animated picture. Each comment is sent to every viewer, in all processes. */
export function bullet(page: View, broker?: Broker): View {
  const room = new Rooms({ broker, history: HISTORY }).room('bullet')
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket, query } = request
    // An empty id requests everything that is stored, as does an id that is too old.
    await room.join(websocket, { last: query.get('last') ?? '' })
    for await (const message of websocket) {
      const comment = readComment(message)
      if (comment !== null) room.broadcast(JSON.stringify(comment))
    }
  }, COMMENTS)
}

/** A valid comment. */
export interface Comment {
  /** One line without spaces around it, of 1 to 100 UTF-16 code units. */
  readonly text: string
  readonly color: string
  /**
   * A key that the page chooses to recognize its own comments. Nothing prevents two pages from choosing the same key.
   */
  readonly key: string
}

/** Reads the JSON of a page; `null` when it is not a valid comment. */
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
