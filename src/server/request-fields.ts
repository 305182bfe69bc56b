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
  addLazily(request, 'query', () => new URLSearchParams(parseRequestTarget(request.url ?? '/')?.query))
}

/** Adds the address of the client, found on first use. */
export function addClientAddress(request: IncomingMessage, addressOf: AddressOf): void {
  addLazily(request, 'clientAddress', () => addressOf(request))
}

/** Removes the query again, for a framework that sets its own only where there is none. */
export function removeQuery(request: IncomingMessage): void {
  Reflect.deleteProperty(request, 'query')
}

function addLazily(request: IncomingMessage, name: string, compute: () => unknown): void {
  const set = (value: unknown): unknown => {
    Object.defineProperty(request, name, { value, writable: true, configurable: true, enumerable: true })
    return value
  }
  Object.defineProperty(request, name, { get: () => set(compute()), set, configurable: true, enumerable: true })
}
