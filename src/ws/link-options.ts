import { nextMaskingKey } from '../connection/send/masking-key.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { readBounds, stricter } from './bounds.ts'
import { keyFrom } from './data.ts'
import type { ReaderOptions } from './reader.ts'
import type { SenderOptions } from './sender.ts'
import type { StreamOptions } from './socket-options.ts'

/** The options of one open socket, as its parts need them. */
export interface LinkOptions extends ReaderOptions, SenderOptions {
  closeTimeout: number
}

/** The options that a socket stores until it has a transport. */
interface SocketSettings {
  readonly _isServer: boolean
  readonly _autoPong: boolean
  readonly _closeTimeout: number
}

/** Reads a limit as npm ws does: as a 32-bit integer. 0, a negative number and 2 GiB or more mean no limit. */
function readLimit(value: number): number {
  return Math.max(value | 0, 0)
}

/** Reads the options of npm ws. */
export function readLinkOptions(
  { _isServer: isServer, _autoPong: autoPong, _closeTimeout: closeTimeout }: SocketSettings,
  { maxPayload = 0, maxFragments = 0, maxBufferedChunks = 0, maxPendingAutoPongs = 0, ...options }: StreamOptions,
  codec: MessageCodec | null,
): LinkOptions {
  const { generateMask, allowSynchronousEvents = true, dwebsocket } = options
  const limits = readBounds(dwebsocket)?.limits ?? null
  return {
    isServer,
    codec,
    maskingKey: isServer ? null : generateMask ? keyFrom(generateMask) : nextMaskingKey,
    maxPendingAutoPongs: autoPong ? readLimit(maxPendingAutoPongs) || Number.POSITIVE_INFINITY : 0,
    closeTimeout: stricter(closeTimeout, limits?.closeTimeout),
    allowSynchronousEvents,
    maxPayload: stricter(readLimit(maxPayload), limits?.maxMessageSize),
    maxFragments: stricter(readLimit(maxFragments), limits?.maxFrames),
    maxBufferedChunks: readLimit(maxBufferedChunks),
    limits,
  }
}
