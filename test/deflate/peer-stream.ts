import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from 'node:zlib'
import { hex } from '../support/wire.ts'

const tail = hex('0000ffff')

/** Wraps a zlib stream that retains its context, like a peer with context takeover. */
function peerStream(stream: ReturnType<typeof createDeflateRaw> | ReturnType<typeof createInflateRaw>) {
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  return (bytes: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      stream.once('error', reject)
      stream.write(bytes)
      stream.flush(constants.Z_SYNC_FLUSH, () => {
        stream.off('error', reject)
        resolve(Buffer.concat(chunks.splice(0)))
      })
    })
}

export function peerDeflater(options = {}): (message: Uint8Array) => Promise<Buffer> {
  const write = peerStream(createDeflateRaw(options))
  return async (message) => (message.length === 0 ? hex('00') : (await write(message)).subarray(0, -4))
}

export function peerInflater(options = {}): (payload: Uint8Array) => Promise<Buffer> {
  const write = peerStream(createInflateRaw(options))
  return (payload) => write(Buffer.concat([payload, tail]))
}

export const payloadOf = (message: Uint8Array) =>
  deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
