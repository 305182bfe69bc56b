import type { IncomingMessage } from 'node:http'
import { parseRequestTarget } from '../handshake/request-target.ts'
import type { AuthorizeRequest } from './policy.ts'

/** Finds the address of a request's client. */
export type AddressOf = (request: IncomingMessage) => string

/** Adds both fields to a request for `authorize`. */
export function addRequestFields(request: IncomingMessage, addressOf: AddressOf): AuthorizeRequest {
  addQuery(request)
  addClientAddress(request, addressOf)
  return request as AuthorizeRequest
}

/** Adds the parsed query, made on first use; a framework's own is replaced, so that it is the same in every mode. */
export function addQuery(request: IncomingMessage): void {
  Object.defineProperty(request, 'query', query)
}

/** Adds the address of the client, found on first use. */
export function addClientAddress(request: IncomingMessage & { [finder]?: AddressOf }, addressOf: AddressOf): void {
  request[finder] = addressOf
  Object.defineProperty(request, 'clientAddress', clientAddress)
}

/** Removes the query again, for a framework that sets its own only where there is none. */
export function removeQuery(request: IncomingMessage): void {
  Reflect.deleteProperty(request, 'query')
}

const finder = Symbol('address of the client')

// One pair of functions for all requests: functions of its own would cost each request twenty times as much.
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
