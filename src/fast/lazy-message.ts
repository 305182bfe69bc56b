import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { isFastEnabled } from './enabled.ts'

/*
 * A request of Node is a stream of the body, with a state and fields for everything that may happen to it: 1 KiB, for
 * an upgrade request that has no body. A lazy one is the text of its head; the first use of anything else than its first
 * line turns it, in place, into what Node would have made. Undocumented: `IncomingMessage` initializes any object that
 * inherits from it.
 */

/** The property with the text of the head; empty once the message is complete. */
const headKey = Symbol('head')

/** Completes a message that was initialized: its fields, and the end of its body. */
type Complete = (message: IncomingMessage, head: string) => void

interface Lazy {
  [headKey]: string
  socket: Socket
}

const initialize = IncomingMessage as unknown as (this: object, socket: Socket | null) => void

/** The properties that Node gives a request itself; `null` where it does not initialize other objects. */
function findProperties(): PropertyKey[] | null {
  if (!isFastEnabled) return null
  const message = Object.create(IncomingMessage.prototype) as object
  try {
    initialize.call(message, null)
  } catch {
    return null
  }
  return Reflect.ownKeys(message).filter((key) => key !== 'socket')
}

/** The object with the head: `object` itself, or one that it inherits from. */
function lazyOf(object: object): Lazy {
  let owner = object
  while (!Object.hasOwn(owner, headKey)) owner = Object.getPrototypeOf(owner) as object
  return owner as Lazy
}

/**
 * Returns a function that makes requests from the text of a head, completed on first use; without the internals of Node
 * at once.
 */
export function lazyMessages(complete: Complete): (head: string, socket: Socket) => IncomingMessage {
  const properties = findProperties()
  if (properties === null) {
    return (head, socket) => {
      const message = new IncomingMessage(socket)
      complete(message, head)
      return message
    }
  }

  class LazyMessage implements Lazy {
    [headKey]: string
    socket: Socket

    constructor(head: string, socket: Socket) {
      this[headKey] = head
      this.socket = socket
    }
  }

  const { prototype } = LazyMessage
  Reflect.deleteProperty(prototype, 'constructor')
  const fill = (object: object): object => {
    const lazy = lazyOf(object)
    const head = lazy[headKey]
    lazy[headKey] = ''
    Object.setPrototypeOf(lazy, IncomingMessage.prototype)
    initialize.call(lazy, lazy.socket)
    complete(lazy as unknown as IncomingMessage, head)
    return object
  }
  const define = (key: PropertyKey, get: (this: object) => unknown): void => {
    const set = function (this: object, value: unknown): void {
      Reflect.set(fill(this), key, value)
    }
    Object.defineProperty(prototype, key, { get, set, configurable: true, enumerable: true })
  }
  Object.setPrototypeOf(prototype, IncomingMessage.prototype)
  for (const key of properties) {
    define(key, function () {
      return Reflect.get(fill(this), key)
    })
  }
  for (const [key, read] of Object.entries(LINE)) {
    define(key, function () {
      return read(lazyOf(this)[headKey])
    })
  }
  Object.defineProperty(prototype, inspect.custom, {
    value(this: object) {
      return fill(this)
    },
  })
  return (head, socket) => new LazyMessage(head, socket) as unknown as IncomingMessage
}

/** Index behind ` HTTP/` in a head. */
function versionAt(head: string): number {
  return head.indexOf(' HTTP/') + ' HTTP/'.length
}

/** The parts of the request line in a head that `RequestHeadParser` has accepted: an empty line may precede it. */
const LINE: Record<string, (head: string) => unknown> = {
  method: (head) => head.slice(head.startsWith('\r\n') ? 2 : 0, head.indexOf(' ')),
  url: (head) => head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')),
  httpVersion: (head) => head.slice(versionAt(head), versionAt(head) + 3),
  httpVersionMajor: (head) => Number(head[versionAt(head)]),
  httpVersionMinor: (head) => Number(head[versionAt(head) + 2]),
}
