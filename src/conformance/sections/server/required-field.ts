import { type Case, expectAcceptOrReject, expectReject, onEach, type Trial } from '../../script/index.ts'

type Values = string | string[] | null

/** Makes a case with one connection per value. Expects 400 on each. */
function badHost(id: string, ...values: Values[]): Case {
  return {
    id: `hs.host.${id}`,
    async run(t) {
      await onEach(
        t,
        values,
        { name: (value) => (value === null ? 'no Host' : `Host ${JSON.stringify(value)}`) },
        async (value) => {
          expectReject(t, await t.handshake({ set: { Host: value } }), { statuses: [400] })
        },
      )
    },
  }
}

/** The Host field (RFC 6455 §4.2.1, RFC 9112 §3.2): `hs.host`. */
export const hostField: Case[] = [
  badHost('missing', null),
  {
    id: 'hs.host.duplicate-same',
    async run(t) {
      const { authority } = t.context.target.base
      expectReject(t, await t.handshake({ set: { Host: [authority, authority] } }), { statuses: [400] })
    },
  },
  badHost('duplicate-other', ['a.example', 'b.example']),
  badHost('empty', ''),
  badHost('bad-chars', 'a b', 'a/b', 'a@b', '<x>'),
  badHost('bad-port', 'localhost:abc', 'localhost:99999', 'localhost:-1'),
  badHost('comma', 'a.example, b.example'),
]

/** Makes a case with a field value for which a server must not switch protocols. A plain response is allowed. */
function noUpgrade(id: string, field: string, value: Values): Case {
  return {
    id,
    run: async (t) => void expectReject(t, await t.handshake({ set: { [field]: value } }), { anyAnswer: true }),
  }
}

const wrongUpgrades: Record<string, Values> = {
  missing: null,
  empty: '',
  other: 'h2c',
  plural: 'websockets',
  prefix: 'xwebsocket',
  suffix: 'websocket-x',
  quoted: '"websocket"',
  spaced: 'web socket',
}

/** The Upgrade field (RFC 6455 §4.2.1): `hs.upgrade`. */
export const upgradeField: Case[] = [
  ...Object.entries(wrongUpgrades).map(([id, value]) => noUpgrade(`hs.upgrade.${id}`, 'Upgrade', value)),
  { id: 'hs.upgrade.versioned', run: (t) => reportAnswer(t, 'Upgrade', 'websocket/13') },
]

const wrongConnections: Record<string, Values> = {
  missing: null,
  empty: '',
  close: 'close',
  keepalive: 'keep-alive',
  prefix: 'xUpgrade',
  suffix: 'Upgrades',
  quoted: '"Upgrade"',
  'space-list': 'keep-alive Upgrade',
}

/** The Connection field (RFC 6455 §4.2.1): `hs.connection`. */
export const connectionField: Case[] = [
  ...Object.entries(wrongConnections).map(([id, value]) => noUpgrade(`hs.connection.${id}`, 'Connection', value)),
  { id: 'hs.connection.close-upgrade', run: (t) => reportAnswer(t, 'Connection', 'close, Upgrade') },
]

async function reportAnswer(t: Trial, field: string, value: string): Promise<void> {
  await expectAcceptOrReject(t, { set: { [field]: value } })
}
