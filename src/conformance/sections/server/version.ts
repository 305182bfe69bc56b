import { type Case, expectAcceptOrReject, expectReject, type Handshake, type Trial } from '../../script/index.ts'
import { fieldTokens, fieldValue } from '../../wire/index.ts'

type Values = string | string[] | null

function ask(t: Trial, version: Values): Promise<Handshake> {
  return t.handshake({ set: { 'Sec-WebSocket-Version': version } })
}

function rejected(id: string, version: Values): Case {
  return { id: `hs.ver.${id}`, run: async (t) => void expectReject(t, await ask(t, version)) }
}

/** Expects that the refusal of a version lists the supported ones (RFC 6455 §4.4). */
function expectListing(t: Trial, handshake: Handshake): void {
  if (!expectReject(t, handshake) || handshake.response === null) return
  const listed = fieldValue(handshake.response, 'sec-websocket-version')
  t.require(
    fieldTokens(handshake.response, 'sec-websocket-version').includes('13'),
    '4xx with 13 in Sec-WebSocket-Version',
    `${handshake.response.statusLine}; ${listed === null ? 'no Sec-WebSocket-Version' : `Sec-WebSocket-Version: ${listed}`}`,
    { requirement: '6455-4.4-1' },
  )
}

function unsupported(version: number): Case {
  return { id: `hs.ver.v${version}`, run: async (t) => expectListing(t, await ask(t, String(version))) }
}

/** Makes a case with a draft version that the server may support. */
function draft(version: number): Case {
  return {
    id: `hs.ver.v${version}`,
    run: async (t) => void (await expectAcceptOrReject(t, { set: { 'Sec-WebSocket-Version': String(version) } })),
  }
}

const malformed: Record<string, string> = {
  256: '256',
  'leading-zero': '013',
  plus: '+13',
  minus: '-13',
  decimal: '13.0',
  hex: '0x0d',
  text: 'abc',
  space: '1 3',
  huge: '99999999999999999999',
}

/** Expects that a version is refused with 426 and Upgrade (RFC 9110 §15.5.22). */
async function expect426(t: Trial): Promise<void> {
  const handshake = await ask(t, '99')
  if (!expectReject(t, handshake) || handshake.response === null) return
  const { status, statusLine } = handshake.response
  t.require(status === 426, '426 Upgrade Required', statusLine, { requirement: '9110-15.5.22-1' })
  const upgrade = fieldValue(handshake.response, 'upgrade')
  t.require(
    fieldTokens(handshake.response, 'upgrade').includes('websocket'),
    '426 with Upgrade: websocket',
    upgrade === null ? 'no Upgrade' : `Upgrade: ${upgrade}`,
    { requirement: '9110-15.5.22-1' },
  )
}

/** Sec-WebSocket-Version (RFC 6455 §4.2.1, §4.4): `hs.ver`. */
export const versionField: Case[] = [
  rejected('missing', null),
  rejected('empty', ''),
  ...[0, 1, 12, 14, 25, 99, 255].map(unsupported),
  draft(7),
  draft(8),
  { id: 'hs.ver.list-contains-13', run: async (t) => expectListing(t, await ask(t, '99')) },
  { id: 'hs.ver.status-426', run: expect426 },
  ...Object.entries(malformed).map(([id, version]) => rejected(id, version)),
  rejected('list-13-8', '13, 8'),
  rejected('list-8-13', '8, 13'),
  rejected('duplicate-13', ['13', '13']),
  rejected('duplicate-8-13', ['8', '13']),
]
