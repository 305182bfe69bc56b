import { type Case, expectReject, type Trial } from '../../script/index.ts'

type Values = string | string[] | null

function badKey(id: string, value: (t: Trial) => Values): Case {
  return {
    id: `hs.key.${id}`,
    run: async (t) => void expectReject(t, await t.handshake({ set: { 'Sec-WebSocket-Key': value(t) } })),
  }
}

/** Returns a well-formed key: 22 characters and `==`. */
function goodKey(t: Trial): string {
  return t.random.bytes(16).toString('base64')
}

/** Returns a key whose base64 differs between the two alphabets. */
function urlSafeKey(t: Trial): string {
  for (;;) {
    const key = goodKey(t)
    if (key.includes('+') && key.includes('/')) return key.replaceAll('+', '-').replaceAll('/', '_')
  }
}

/** Sec-WebSocket-Key (RFC 6455 §4.2.1): `hs.key`. */
export const keyField: Case[] = [
  badKey('missing', () => null),
  badKey('empty', () => ''),
  badKey('duplicate-same', (t) => {
    const key = goodKey(t)
    return [key, key]
  }),
  badKey('duplicate-other', (t) => [goodKey(t), goodKey(t)]),
  badKey('comma', (t) => `${goodKey(t)}, ${goodKey(t)}`),
  ...[1, 8, 15, 17, 18, 24, 32, 64].map((length) =>
    badKey(`len-${length}`, (t) => t.random.bytes(length).toString('base64')),
  ),
  badKey('not-base64', () => '!!!!!!!!!!!!!!!!!!!!!!=='),
  badKey('no-padding', (t) => goodKey(t).slice(0, 22)),
  badKey('half-padding', (t) => goodKey(t).slice(0, 23)),
  badKey('extra-padding', (t) => `${goodKey(t)}=`),
  badKey('url-safe', urlSafeKey),
  badKey('inner-space', (t) => {
    const key = goodKey(t)
    return `${key.slice(0, 12)} ${key.slice(13)}`
  }),
  badKey('inner-equals', () => 'AAAA=AAAAAAAAAAAAAAAAA=='),
  badKey('4k', (t) => t.random.bytes(3072).toString('base64')),
]
