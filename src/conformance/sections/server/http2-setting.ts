import {
  type Case,
  connectFields,
  connectHttp2,
  describeHttp2Answer,
  expectProbe,
  openStream,
  type Trial,
  waitForAnswer,
} from '../../script/index.ts'
import { nameHttp2Error, Setting } from '../../wire/index.ts'

const { ENABLE_CONNECT_PROTOCOL } = Setting

async function reportSetting(t: Trial): Promise<void> {
  const { settings } = await connectHttp2(t)
  t.observe('enable_connect_protocol', settings.get(ENABLE_CONNECT_PROTOCOL) ?? 'absent')
}

async function expectBoolean(t: Trial): Promise<void> {
  const { connectProtocol } = await connectHttp2(t)
  const wrong = connectProtocol.find((value) => value > 1)
  t.require(wrong === undefined, '0 or 1', String(wrong))
}

/** Opens a stream, during which further SETTINGS may arrive, and then waits for the acknowledgment of a PING. */
async function expectNoWithdrawal(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const { peer } = await openStream(t, connection)
  await expectProbe(t, peer)
  await connection.ping(t.timeout)
  const values = connection.connectProtocol
  t.require(values.lastIndexOf(0) <= values.indexOf(1), 'no 0 after 1', `the values ${values.join(', ')}`)
}

/** Sends the setting as a client. It has no effect, but SETTINGS must be acknowledged (RFC 9113 §6.5). */
async function sendSetting(t: Trial): Promise<void> {
  for (const value of [1, 0]) {
    const connection = await connectHttp2(t, [[ENABLE_CONNECT_PROTOCOL, value]])
    const isAcknowledged = await connection.until(() => connection.acknowledged > 0, t.timeout)
    t.require(isAcknowledged, 'SETTINGS ACK', `none within ${t.timeout} ms`, { requirement: '9113-6.5-1' })
    const { peer } = await openStream(t, connection)
    await expectProbe(t, peer)
  }
}

async function sendTwo(t: Trial): Promise<void> {
  const connection = await connectHttp2(t, [[ENABLE_CONNECT_PROTOCOL, 2]])
  const stream = connection.request(connectFields(t))
  await waitForAnswer(t, connection, stream)
  await connection.ping(t.timeout)
  const { goaway } = connection
  t.note(goaway === null ? describeHttp2Answer(connection, stream) : `GOAWAY ${nameHttp2Error(goaway)}`)
}

/** When the setting is not announced, `:protocol` makes a request malformed (RFC 8441 §3, RFC 9113 §8.3). */
async function connectWithoutSetting(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  if (connection.settings.get(ENABLE_CONNECT_PROTOCOL) === 1) t.skip('the target announces the setting')
  const stream = connection.request(connectFields(t))
  await waitForAnswer(t, connection, stream)
  const isAccepted = stream.response !== null && stream.response.status < 400
  t.require(
    stream.isSettled && !isAccepted,
    'RST_STREAM, or status 4xx or 501',
    describeHttp2Answer(connection, stream),
  )
  t.note(describeHttp2Answer(connection, stream))
}

/** SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3): `h2.setting`, `h2.off`. */
export const http2Settings: Case[] = [
  { id: 'h2.setting.announced', needs: ['http2'], run: reportSetting },
  { id: 'h2.setting.value', needs: ['http2'], run: expectBoolean },
  { id: 'h2.setting.never-back', needs: ['http2'], run: expectNoWithdrawal },
  { id: 'h2.setting.from-client', needs: ['http2'], run: sendSetting },
  { id: 'h2.setting.from-client-2', needs: ['http2'], run: sendTwo },
  { id: 'h2.off.connect', needs: ['http2'], run: connectWithoutSetting },
]
