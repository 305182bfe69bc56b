import type { IncomingMessage } from 'node:http'
import { parseRequestTarget } from '../handshake/request-target.ts'
import type { AuthorizeRequest } from './policy.ts'

/** Returns the address of a request's client. */
export type AddressOf = (request: IncomingMessage) => string

/** Adds `query` and `clientAddress` to a request for `authorize`. */
export function addRequestFields(request: IncomingMessage, addressOf: AddressOf): AuthorizeRequest {
  addQuery(request)
  addClientAddress(request, addressOf)
  return request as AuthorizeRequest
}

/**
 * Adds the parsed query, computed on first use. It replaces the `query` of a framework, so that `authorize` always gets
 * the same type.
 */
export function addQuery(request: IncomingMessage): void {
  Object.defineProperty(request, 'query', query)
}

/** Adds the client's address, computed on first use. */
export function addClientAddress(request: IncomingMessage & { [finder]?: AddressOf }, addressOf: AddressOf): void {
  request[finder] = addressOf
  Object.defineProperty(request, 'clientAddress', clientAddress)
}

/** Removes the query for a framework that sets its own only when there is none. */
export function removeQuery(request: IncomingMessage): void {
  Reflect.deleteProperty(request, 'query')
}

const finder = Symbol('address of the client')

// All requests share one pair of getters. Closures per request would cost twenty times as much.
const query = lazily('query', (request) => new URLSearchParams(parseRequestTarget(request.url ?? '/')?.query))
const clientAddress = lazily('clientAddress', (request) => request[finder]!(request))

function lazily(
  name: string,
  compute: (request: IncomingMessage & { [finder]?: AddressOf }) => unknown,
): PropertyDescriptor & ThisType<IncomingMessage> {
  const set = (request: IncomingMessage, value: unknown): unknown => {
    Object.defineProperty(request, name, { value, writable: true, configurable: true, enumerable: true })
    return value
  }
  return {
    configurable: true,
    enumerable: true,
    get() {
      return set(this, compute(this))
    },
    set(value) {
      set(this, value)
    },
  }
}
