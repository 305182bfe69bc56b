import {
  type Case,
  expectAccepted,
  expectAlive,
  expectProbe,
  expectReject,
  type Handshake,
  type Trial,
} from '../../script/index.ts'
import { fieldValue } from '../../wire/index.ts'

const FIELD = 'Sec-WebSocket-Extensions'

function ask(t: Trial, ...values: string[]): Promise<Handshake> {
  return t.handshake({ add: values.map((value): [string, string] => [FIELD, value]) })
}

/** Expects a 101 without extensions and a working connection. */
async function requireWithout(t: Trial, handshake: Handshake): Promise<void> {
  expectAccepted(t, handshake)
  const answer = handshake.response === null ? null : fieldValue(handshake.response, FIELD)
  t.require(answer === null, `101 without ${FIELD}`, `${FIELD}: ${answer}`)
  await expectProbe(t, handshake.peer)
}

function declined(id: string, ...values: string[]): Case {
  return { id: `hs.ext.${id}`, run: async (t) => requireWithout(t, await ask(t, ...values)) }
}

/** Expects a 101 without extensions, or a refusal. Notes the response. */
async function declinedOrRejected(t: Trial, handshake: Handshake): Promise<void> {
  if (handshake.response?.status === 101) await requireWithout(t, handshake)
  else expectReject(t, handshake)
  t.note(`response: ${handshake.response?.statusLine ?? 'none, the stream ended'}`)
}

/** Values that violate the grammar of the field and make the request malformed (RFC 6455 §9.1). */
const malformed: Record<string, string> = {
  'semicolon-first': '; a=1',
  'double-semicolon': 'x-conf;; a',
  'space-in-name': 'x conf',
  'equals-no-name': 'x-conf; =1',
  'equals-no-value': 'x-conf; a=',
  'equals-on-name': 'x-conf=1',
  'open-quote': 'x-conf; a="1',
  'quote-not-token': 'x-conf; a="1 2"',
  'bad-char': 'x-conf; a=1/2',
  bracket: '(x-conf)',
  'empty-quote': 'x-conf; a=""',
}

const OBJECT_MEMBERS = ['constructor', '__proto__', 'toString', 'hasOwnProperty']

/** Sec-WebSocket-Extensions without permessage-deflate (RFC 6455 §9.1): `hs.ext`. */
export const extensionField: Case[] = [
  declined('unknown', 'x-conf-ext'),
  declined('unknown-params', 'x-conf-ext; a; b=1; c="2"'),
  declined('two-fields', 'x-conf-a', 'x-conf-b'),
  declined('stray-commas', ', x-conf-a ,,'),
  ...Object.entries(malformed).map(
    ([id, value]): Case => ({
      id: `hs.ext.bad-${id}`,
      run: async (t) => void expectReject(t, await ask(t, value)),
    }),
  ),
  {
    id: 'hs.ext.quoted-list',
    run: async (t) => declinedOrRejected(t, await ask(t, 'x-conf; y=",permessage-deflate; client_max_window_bits,"')),
  },
  {
    id: 'hs.ext.reserved-words',
    async run(t) {
      const names = OBJECT_MEMBERS.join(', ')
      const parameters = OBJECT_MEMBERS.map((name) => `; ${name}; ${name}x=1`).join('')
      await requireWithout(t, await ask(t, `${names}, x-conf${parameters}`))
      await expectAlive(t)
    },
  },
  { id: 'hs.ext.empty', run: async (t) => declinedOrRejected(t, await ask(t, '')) },
  {
    id: 'hs.ext.many',
    async run(t) {
      const names = Array.from({ length: 200 }, (_, index) => `x-conf-${index}`)
      await declinedOrRejected(t, await ask(t, names.join(', ')))
    },
  },
]
