import {
  type Case,
  expectAccepted,
  expectAlive,
  expectProbe,
  expectReject,
  type Handshake,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { fieldValue, fieldValues } from '../../wire/index.ts'

const FIELD = 'Sec-WebSocket-Protocol'

function ask(t: Trial, ...values: string[]): Promise<Handshake> {
  return t.handshake({ add: values.map((value): [string, string] => [FIELD, value]) })
}

/** Expects a refusal, or a 101 without a subprotocol or with one of `accepted`. Notes the response. */
async function refusedOrWithout(t: Trial, handshake: Handshake, accepted: readonly string[] = []): Promise<void> {
  const { response, peer } = handshake
  if (response?.status !== 101) {
    expectReject(t, handshake)
    t.note(`response: ${response?.statusLine ?? 'none, the stream ended'}`)
    return
  }
  const answer = fieldValues(response, FIELD)
  const fits = answer.length === 0 || (answer.length === 1 && accepted.includes(answer[0]))
  t.require(fits, expectedAnswer(accepted), `${FIELD}: ${answer.join(' | ')}`)
  t.note(answer.length === 0 ? '101 without a subprotocol' : `the server accepts any subprotocol: ${answer[0]}`)
  expectAccepted(t, handshake)
  await expectProbe(t, peer)
}

function expectedAnswer(accepted: readonly string[]): string {
  return `a refusal, or a 101 without ${FIELD}${accepted.length === 0 ? '' : ` or with exactly ${accepted.join(' or ')}`}`
}

function unknown(id: string, values: readonly string[], accepted: readonly string[]): Case {
  return {
    id: `hs.proto.${id}`,
    async run(t: Trial) {
      await onEach(t, values, { name: (value) => `“${value}”` }, async (value) =>
        refusedOrWithout(t, await ask(t, value), accepted),
      )
    },
  }
}

/** Makes a case that needs a subprotocol that the server knows, which the response must select. */
function known(id: string, values: (name: string) => string[]): Case {
  return {
    id: `hs.proto.${id}`,
    needs: ['subprotocol'],
    async run(t: Trial) {
      const name = t.context.subprotocol ?? ''
      const handshake = await ask(t, ...values(name))
      expectAccepted(t, handshake)
      const answer = handshake.response === null ? [] : fieldValues(handshake.response, FIELD)
      t.require(answer.length === 1 && answer[0] === name, `${FIELD}: ${name}`, answer.join(' | ') || `no ${FIELD}`)
      await expectProbe(t, handshake.peer)
    },
  }
}

/** Requests the known subprotocol with inverted case, which makes it another name (RFC 6455 §4.2.2). */
async function askInOtherCase(t: Trial): Promise<void> {
  const name = t.context.subprotocol ?? ''
  const flipped = [...name].map((letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
  const sent = flipped.join('')
  if (sent === name) t.skip('the name has no letters')
  await refusedOrWithout(t, await ask(t, sent), [sent])
}

/** Requests subprotocols with names that exist on objects in some languages (RFC 6455 §10.7). */
async function askForObjectMembers(t: Trial): Promise<void> {
  const names = ['constructor', '__proto__', 'toString']
  const { response } = await ask(t, 'x-conf-unknown')
  const takesAny = response?.status === 101 && fieldValues(response, FIELD).length > 0
  await refusedOrWithout(t, await ask(t, names.join(', ')), takesAny ? names : [])
  await expectAlive(t)
}

async function askForMany(t: Trial): Promise<void> {
  const names = Array.from({ length: 500 }, (_, index) => `p${index}`)
  const handshake = await ask(t, names.join(', '))
  const answer = handshake.response === null ? null : fieldValue(handshake.response, FIELD)
  t.note(`${handshake.response?.statusLine ?? 'no response'}${answer === null ? '' : `, ${FIELD}: ${answer}`}`)
}

/** Sec-WebSocket-Protocol (RFC 6455 §4.2.2, §11.3.4): `hs.proto`. */
export const subprotocolField: Case[] = [
  unknown('unknown', ['x-conf-unknown'], ['x-conf-unknown']),
  unknown('unknown-list', ['x-conf-a, x-conf-b'], ['x-conf-a', 'x-conf-b']),
  known('known', (name) => [name]),
  known('known-last', (name) => [`x-conf-a, ${name}`]),
  known('two-fields', (name) => ['x-conf-a', name]),
  known('one-token', (name) => [`${name}, x-conf-a`]),
  { id: 'hs.proto.case', needs: ['subprotocol'], run: askInOtherCase },
  unknown('repeat', ['x-conf-a, x-conf-a'], []),
  unknown('empty', [''], []),
  unknown('bad-token', ['a b', 'a/b', 'a;b', '"a"'], []),
  unknown('stray-commas', [',x-conf-a,,'], ['x-conf-a']),
  { id: 'hs.proto.reserved-words', run: askForObjectMembers },
  { id: 'hs.proto.many', run: askForMany },
]
