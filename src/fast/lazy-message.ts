import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { isFastEnabled } from './enabled.ts'

/*
 * In Node, a request is a stream. Its state needs 1 KiB, even for an upgrade request, which has no body. A lazy message
 * stores the text of the request head. The first access to anything but its request line and socket converts it, in
 * place, to the message that Node would have created. Undocumented: `IncomingMessage` can initialize any object that
 * inherits from it.
 */

/** The property with the text of the request head. It is empty once the message is complete. */
const headKey = Symbol('head')

/** The parts of the request line that are read without completing the message (RFC 9112 §3). */
const REQUEST_LINE = /(\S+) (\S+) HTTP\/(.).(.)/
const LINE_FIELDS = ['method', 'url', 'httpVersionMajor', 'httpVersionMinor']

/** Sets the fields of an initialized message and ends its body; returns the message. */
type Complete = (message: IncomingMessage, head: string) => IncomingMessage

class LazyMessage {
  [headKey]: string
  socket: Socket | null

  constructor(head: string, socket: Socket | null) {
    this[headKey] = head
    this.socket = socket
  }
}

/** Initializes `object`, or the lazy message that it inherits from; returns the message. */
function initialize(object: object): IncomingMessage {
  let message = object as LazyMessage
  while (!Object.hasOwn(message, headKey)) message = Object.getPrototypeOf(message)
  message[headKey] = ''
  Object.setPrototypeOf(message, IncomingMessage.prototype)
  ;(IncomingMessage as unknown as (this: object, socket: Socket | null) => void).call(message, message.socket)
  return message as unknown as IncomingMessage
}

/**
 * Replaces the fields that Node sets on a request with accessors that complete a lazy message. Throws when this version
 * of Node creates requests in another way.
 */
function addAccessors(complete: Complete): void {
  const { prototype } = LazyMessage
  const fill = (object: LazyMessage): LazyMessage => {
    const head = object[headKey]
    complete(initialize(object), head)
    return object
  }
  for (const key of Reflect.ownKeys(initialize(new LazyMessage('', null)))) {
    if (key === headKey || key === 'socket') continue
    const part = LINE_FIELDS.indexOf(String(key)) + 1
    Object.defineProperty(prototype, key, {
      get(this: LazyMessage) {
        if (part === 0) return Reflect.get(fill(this), key)
        const text = REQUEST_LINE.exec(this[headKey])![part]
        return part < 3 ? text : Number(text)
      },
      set(this: LazyMessage, value) {
        Reflect.set(fill(this), key, value)
      },
    })
  }
  Object.setPrototypeOf(prototype, IncomingMessage.prototype)
}

/**
 * Returns a function that creates a request from the text of its head. The request is completed on first use, or at
 * once where the undocumented part of Node cannot be used.
 */
export function lazyMessages(complete: Complete): (head: string, socket: Socket) => IncomingMessage {
  try {
    if (isFastEnabled) {
      addAccessors(complete)
      return (head, socket) => new LazyMessage(head, socket) as unknown as IncomingMessage
    }
  } catch {}
  return (head, socket) => complete(new IncomingMessage(socket), head)
}
