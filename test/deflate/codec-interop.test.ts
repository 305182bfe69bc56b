import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DeflateCodec } from '../../src/deflate/codec.ts'
import { checkDeflateResponse, formatOffer, negotiate } from '../../src/deflate/offer.ts'
import { type DeflateOptions, readDeflateOptions } from '../../src/deflate/options.ts'
import type { Extension } from '../../src/handshake/header-grammar.ts'
import { assert, suite } from '../support/unit.ts'
import { deflate, inflate, prose, randomBytes } from './message.ts'

/** The parts of ws for permessage-deflate, which ws does not export. */
const require = createRequire(import.meta.url)
const ws = dirname(require.resolve('ws/package.json'))
const PerMessageDeflate = require(join(ws, 'lib/permessage-deflate.js'))
const { parse, format } = require(join(ws, 'lib/extension.js'))

type WsParameters = Record<string, (string | true)[]>

const test = suite('deflate against ws', { timeLimit: 120_000 })
const name = 'permessage-deflate'
const sizes = [0, 1, 125, 126, 1023, 1024, 5000, 16_384, 16_385, 65_536, 262_144]

/** Returns every offer in a field, as the handshake parses it. */
function readField(field: string): Extension[] {
  return ((parse(field)[name] ?? []) as WsParameters[]).map((parameters) => ({
    name,
    parameters: Object.entries(parameters).flatMap(([key, values]) =>
      values.map((value) => ({ name: key, value: value === true ? null : value, quoted: false })),
    ),
  }))
}

interface WsPeer {
  compress(message: Buffer): Promise<Buffer>
  decompress(payload: Buffer): Promise<Buffer>
  cleanup(): void
}

function wsPeer(pmd: InstanceType<typeof PerMessageDeflate>): WsPeer {
  const run = (verb: 'compress' | 'decompress') => (bytes: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      pmd[verb](bytes, true, (error: Error | null, result: Buffer) =>
        error ? reject(error) : resolve(Buffer.from(result)),
      )
    })
  return { compress: run('compress'), decompress: run('decompress'), cleanup: () => pmd.cleanup() }
}

/** Negotiates between a ws client and this server. */
function wsClient(wsOptions: object, options: DeflateOptions): [DeflateCodec, WsPeer] {
  const pmd = new PerMessageDeflate(wsOptions)
  const normalised = readDeflateOptions({ threshold: 0, ...options })
  const answer = negotiate(readField(format({ [name]: pmd.offer() })), normalised)
  assert.ok(answer)
  pmd.accept(parse(answer!.response)[name])
  return [new DeflateCodec({ role: 'server', parameters: answer!.parameters, options: normalised }), wsPeer(pmd)]
}

/** Negotiates between this client and a ws server. */
function wsServer(wsOptions: object, options: DeflateOptions): [DeflateCodec, WsPeer] {
  const pmd = new PerMessageDeflate({ ...wsOptions, isServer: true })
  const normalised = readDeflateOptions({ threshold: 0, ...options }, 'client')
  const accepted = pmd.accept(parse(formatOffer(normalised))[name])
  const [response] = readField(format({ [name]: accepted }))
  return [
    new DeflateCodec({ role: 'client', parameters: checkDeflateResponse(response, normalised), options: normalised }),
    wsPeer(pmd),
  ]
}

async function exchange(codec: DeflateCodec, peer: WsPeer, messages: Buffer[]): Promise<void> {
  for (const message of messages) {
    assert.ok((await inflate(codec, await peer.compress(message))).equals(message), `received ${message.length} bytes`)
    const payload = await deflate(codec, message)
    if (payload !== null) assert.ok((await peer.decompress(payload)).equals(message), `sent ${message.length} bytes`)
  }
}

const messages = sizes.flatMap((size, seed) => [prose(size, seed), randomBytes(size, seed % 3)])
const flags = [false, true]

for (const serverNoContextTakeover of flags) {
  for (const clientNoContextTakeover of flags) {
    const title = `server ${serverNoContextTakeover ? 'without' : 'with'} and client ${clientNoContextTakeover ? 'without' : 'with'} context takeover`
    test(`exchanges all sizes with a ws client, ${title}, every window`, async () => {
      for (const serverMaxWindowBits of [undefined, 8, 9, 15]) {
        for (const clientMaxWindowBits of [undefined, 8, 12]) {
          const wsOptions = {
            serverNoContextTakeover,
            clientNoContextTakeover,
            serverMaxWindowBits,
            clientMaxWindowBits,
          }
          const [codec, peer] = wsClient(wsOptions, { serverContextTakeover: true })
          await exchange(codec, peer, messages)
          codec.release()
          peer.cleanup()
        }
      }
    })

    test(`exchanges all sizes with a ws server, ${title}`, async () => {
      for (const bits of [8, 10, 15]) {
        const [codec, peer] = wsServer(
          { serverNoContextTakeover, clientNoContextTakeover },
          {
            serverContextTakeover: true,
            clientContextTakeover: true,
            serverMaxWindowBits: bits,
            clientMaxWindowBits: bits,
          },
        )
        await exchange(codec, peer, messages)
        codec.release()
        peer.cleanup()
      }
    })
  }
}

test('exchanges a thousand messages with a ws client by default options', async () => {
  const [codec, peer] = wsClient({}, {})
  await exchange(
    codec,
    peer,
    Array.from({ length: 1000 }, (_, seed) => prose((seed * 37) % 6000, seed)),
  )
  codec.release()
  peer.cleanup()
})
