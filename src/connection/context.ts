import { AsyncResource } from 'node:async_hooks'
import { mayHaveStores } from '../fast/async-stores.ts'
import type { StreamOwner } from '../transport/stream-owner.ts'

/** The contexts of connections that were created where an AsyncLocalStorage had a store. Most connections have none. */
const contexts = new WeakMap<object, AsyncResource>()

/** Stores the caller's context for the callbacks of `connection`, when an AsyncLocalStorage has a store in it. */
export function captureContext(connection: object): void {
  const context = new AsyncResource('WebSocketConnection')
  if (mayHaveStores(context)) contexts.set(connection, context)
}

/** Returns the context that was stored for `connection`; undefined when there is none. */
export function contextOf(connection: object): AsyncResource | undefined {
  return contexts.get(connection)
}

/** Runs `action` in the context that was stored for `connection`, otherwise in that of the caller. */
export function runInContextOf<T>(connection: object, action: () => T): T {
  const context = contexts.get(connection)
  return context === undefined ? action() : context.runInAsyncScope(action)
}

/**
 * Returns an owner of a stream whose callbacks run in the context of `connection`; `owner` itself when there is no
 * context.
 */
export function inContextOf(connection: object, owner: StreamOwner): StreamOwner {
  const context = contexts.get(connection)
  return context === undefined ? owner : new OwnerInContext(owner, context)
}

/**
 * Runs the callbacks of an owner in a context, because Node runs the callbacks of a stream in the context in which the
 * stream was created or last written to.
 */
class OwnerInContext implements StreamOwner {
  readonly #owner: StreamOwner
  readonly #context: AsyncResource

  constructor(owner: StreamOwner, context: AsyncResource) {
    this.#owner = owner
    this.#context = context
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#context.runInAsyncScope(this.#owner.onBytes, this.#owner, bytes, start, end)
  }

  onStreamEnd(): void {
    this.#context.runInAsyncScope(this.#owner.onStreamEnd, this.#owner)
  }

  onStreamError(error: Error): void {
    this.#context.runInAsyncScope(this.#owner.onStreamError, this.#owner, error)
  }

  onStreamClose(): void {
    this.#context.runInAsyncScope(this.#owner.onStreamClose, this.#owner)
  }

  onStreamDrain(): void {
    this.#context.runInAsyncScope(this.#owner.onStreamDrain, this.#owner)
  }
}
