import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { isFastEnabled } from './enabled.ts'

/*
 * A request of Node is a stream. Its state needs 1 KiB, also for an upgrade request, which has no body. A lazy message
 * stores the text of the request head. The first access to anything but its request line and socket turns it into the
 * same message that Node creates, in place. Undocumented: `IncomingMessage` can initialize any object that inherits from
 * it.
 */

/** The property with the text of the request head. It is empty once the message is complete. */
const headKey = Symbol('head')

/** Sets the fields of an initialized message and ends its body. */
type Complete = (message: IncomingMessage, head: string) => void

interface Lazy {
  [headKey]: string
  socket: Socket
}

const initialize = IncomingMessage as unknown as (this: object, socket: Socket | null) => void

/** Returns the properties that Node sets on a request. Null where Node cannot initialize other objects. */
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

/** Returns the lazy message: `object` itself, or the one that it inherits from. */
function lazyOf(object: object): Lazy {
  let owner = object
  while (!Object.hasOwn(owner, headKey)) owner = Object.getPrototypeOf(owner) as object
  return owner as Lazy
}

/**
 * Returns a function that creates a request from the text of its head. The request is completed on first use, or at
 * once where the undocumented part of Node cannot be used.
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

/** Returns the index behind ` HTTP/` in a request head. */
function versionAt(head: string): number {
  return head.indexOf(' HTTP/') + ' HTTP/'.length
}

/** Reads the parts of the request line. An empty line may precede it (RFC 9112 §2.2). */
const LINE: Record<string, (head: string) => unknown> = {
  method: (head) => head.slice(head.startsWith('\r\n') ? 2 : 0, head.indexOf(' ')),
  url: (head) => head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')),
  httpVersion: (head) => head.slice(versionAt(head), versionAt(head) + 3),
  httpVersionMajor: (head) => Number(head[versionAt(head)]),
  httpVersionMinor: (head) => Number(head[versionAt(head) + 2]),
}
