import { readdirSync, readFileSync } from 'node:fs'
import { parseOptions } from '../src/cli/conform/option.ts'
import * as client from '../src/client/browser.ts'
import { limitCloseCodes } from '../src/connection/limit-close-code.ts'
import { defaultLimits } from '../src/connection/limits.ts'
import { readDeflateOptions } from '../src/deflate/options.ts'
import * as index from '../src/index.ts'
import * as core from '../src/index-core.ts'
import * as redis from '../src/index-redis.ts'
import { readRoomsOptions } from '../src/room/options.ts'
import { readQueueMarks } from '../src/session/message-queue.ts'
import {
  blocks,
  codeWords,
  documents,
  isServer,
  programs,
  runProgram,
  tableRows,
  wholeText,
} from './support/documents.ts'
import { serve } from './support/session-server.ts'
import { assert, suite, type TestContext } from './support/unit.ts'
import { fetchPlain, hostOf, openWs } from './support/ws-client.ts'

const test = suite('documents')
const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const { scripts } = JSON.parse(read('package.json'))

const textOf = (path: string): string => documents.find((document) => document.path === path)!.text

/** Returns the names of the members that an interface itself declares. */
function membersOf(path: string, name: string): string[] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, 'ms').exec(read(path))?.[1]
  if (body === undefined) throw new Error(`${path} has no interface ${name}`)
  return [...body.matchAll(/^ {2}(\w+)\??[:(]/gm)].map((match) => match[1])
}

/** Converts `1 MiB`, `10 s`, `131,072`, `none`, `'close'` … to the values in the code. */
function readDefault(text: string): unknown {
  if (text === 'none') return null
  const quoted = /^`(.*)`$/.exec(text)?.[1]
  if (quoted !== undefined) return new Function(`return (${quoted})`)()
  const [, digits, unit] = /^([\d,]+)(?: (KiB|MiB|s))?$/.exec(text) ?? []
  const factor = { KiB: 1024, MiB: 1024 * 1024, s: 1000 }[unit] ?? 1
  return Number(digits.replaceAll(',', '')) * factor
}

const noLimit = (value: unknown): unknown => (value === Number.POSITIVE_INFINITY ? null : value)

test('runs: every server in it starts and listens', async (t) => {
  // The program with Redis runs in docs/examples.test.ts.
  const servers = programs().filter((program) => isServer(program) && !program.code.includes("from 'redis'"))
  assert.ok(servers.length >= 20)
  for (const server of servers) await runProgram(t, server)
})

test('echoes in thirty seconds, as a session and as a connection', async (t) => {
  const [session, connection] = programs('README.md')
  const one = await runProgram(t, session)
  const { headers, body } = await fetchPlain(`${one}/`)
  assert.match(String(headers['content-type']), 'text/html')
  assert.match(body, '/echo')
  const two = await runProgram(t, connection)
  for (const [url, prefix] of [
    [`${one}/echo`, 'You said: '],
    [two, ''],
  ]) {
    const { send, next } = await openWs(url.replace('http:', 'ws:'))
    send('hello')
    assert.equal(await next(), `${prefix}hello`)
  }
})

test('decorates the methods of a class', async (t) => {
  const address = await runProgram(t, programs('docs/reference/session.md')[0])
  assert.is((await fetchPlain(`${address}/chat/tea`)).body, 'chat in tea')
  assert.is((await fetchPlain(`${address}/feed`)).status, 400)
  const feed = await openWs(`${address.replace('http:', 'ws:')}/feed`, [], { origin: 'https://app.example' })
  assert.is(await feed.next(), 'chat')
  assert.is(await feed.closed, '1000')
})

test('counts and shows its metrics', async (t) => {
  const address = await runProgram(t, programs('docs/guides/shutdown.md')[0])
  const { next } = await openWs(`${address.replace('http:', 'ws:')}/count`)
  assert.is(await next(), '0')
  assert.match((await fetchPlain(`${address}/metrics`)).body, /^dwebsocket_connections 1$/m)
})

test('names every option of a server, a connection and a session, and no other', () => {
  const names = [
    ...membersOf('src/session/create-server.ts', 'CreateServerOptions'),
    ...membersOf('src/server/policy.ts', 'UpgradePolicy'),
    ...membersOf('src/server/options.ts', 'ServerOptions'),
    ...membersOf('src/server/options.ts', 'AdmissionOptions'),
    ...membersOf('src/session/websocket.ts', 'SessionOptions'),
    ...Object.keys(defaultLimits),
    ...Object.keys(readQueueMarks()),
  ]
  const shown = tableRows('option', 'default').flatMap(([option]) => codeWords(option))
  assert.equal(shown.toSorted(), names.toSorted())
})

test('marks the options that a view accepts', () => {
  const names = [
    ...membersOf('src/server/policy.ts', 'UpgradePolicy'),
    ...membersOf('src/session/websocket.ts', 'SessionOptions'),
    ...Object.keys(defaultLimits),
    ...Object.keys(readQueueMarks()),
  ]
  const marked = tableRows('option', 'default').filter(([option]) => option.endsWith('◆'))
  assert.equal(marked.flatMap(([option]) => codeWords(option)).toSorted(), names.toSorted())
})

test('states the defaults of the code', () => {
  const defaults: Record<string, unknown> = { ...defaultLimits, ...readQueueMarks() }
  let count = 0
  for (const [option, value] of tableRows('option', 'default')) {
    const [name] = codeWords(option)
    if (!(name in defaults)) continue
    assert.equal(readDefault(value), noLimit(defaults[name]), name)
    count++
  }
  assert.is(count, Object.keys(defaults).length)
})

test('names every option of deflate and its default, and no other', () => {
  const shown = tableRows('option of `deflate`', 'default').map(([option, value]) => [option, readDefault(value)])
  const options = Object.entries(readDeflateOptions(true)).map(([name, value]) => [`\`${name}\``, value])
  assert.equal(Object.fromEntries(shown), Object.fromEntries(options))
})

test('names every option of rooms and users and its default, and no other', () => {
  const names = [
    ...membersOf('src/room/options.ts', 'SlowOptions'),
    ...membersOf('src/room/options.ts', 'GroupOptions'),
    ...membersOf('src/room/options.ts', 'RoomsOptions'),
  ]
  const rows = tableRows('option of `Rooms` and `Users`', 'default')
  assert.equal(rows.flatMap(([option]) => codeWords(option)).toSorted(), names.toSorted())
  const { delivery, history, maxGroups } = readRoomsOptions({})
  const defaults: Record<string, unknown> = { ...delivery, history, maxRooms: maxGroups }
  for (const [option, value] of rows) {
    const [name] = codeWords(option)
    if (name in defaults) assert.equal(readDefault(value), defaults[name], name)
  }
})

test('names every option of connect', () => {
  const words = codeWords(wholeText)
  for (const name of membersOf('src/client/connect-options.ts', 'ConnectOptions')) assert.ok(words.includes(name), name)
})

test('chats in rooms, in private, and after a return', async (t) => {
  const address = await runProgram(t, programs('docs/guides/rooms.md')[0])
  const url = `${address.replace('http:', 'ws:')}/chat/tea`
  const ann = await openWs(`${url}?name=ann`)
  assert.is(JSON.parse(String(await ann.next())).joined, true)
  ann.send('hello')
  const { id, data } = JSON.parse(String(await ann.next()))
  assert.is(data, 'ann: hello')
  ann.send('again')
  assert.is(JSON.parse(String(await ann.next())).data, 'ann: again')
  const bob = await openWs(`${url}?name=bob&last=${id}`)
  assert.is(JSON.parse(String(await bob.next())).data, 'ann: again')
  bob.send('@ann psst')
  assert.is(await ann.next(), 'bob to you: psst')
  bob.send('@eve psst')
  assert.is(await bob.next(), 'eve is not here')
})

test('names every option of the browser client', () => {
  const words = codeWords(textOf('docs/reference/browser-client.md'))
  for (const name of membersOf('src/client/browser/types.ts', 'ClientOptions')) {
    assert.ok(words.includes(name), name)
  }
})

test('names every error code of the source, and no other', () => {
  const codes = new Set<string>()
  for (const path of readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue
    for (const [code] of read(`src/${path}`).matchAll(/\bERR_WS_[A-Z0-9_]+\b/g)) codes.add(code)
  }
  const shown = new Set([...wholeText.matchAll(/\bERR_WS_[A-Z0-9_]+\b/g)].map(([code]) => code))
  assert.equal([...shown].toSorted(), [...codes].toSorted())
})

test('states the close code of every limit', () => {
  const shown = tableRows('code', 'close').flatMap(([codes, close]) => codeWords(codes).map((code) => [code, close]))
  const closeOf = Object.fromEntries(shown)
  for (const [code, close] of Object.entries(limitCloseCodes)) assert.is(closeOf[code], String(close), code)
})

test('names everything that the entry points of the package export', () => {
  for (const door of [index, core, client, redis]) {
    for (const name of Object.keys(door)) assert.match(wholeText, new RegExp(`\\b${name}\\b`), name)
  }
})

test('names every method, property and callback of what a user is given', async (t) => {
  const words = new Set(codeWords(wholeText).flatMap((word) => word.split(/\W+/)))
  for (const [name, object] of Object.entries(await openOneOfEach(t))) {
    const members = [object, Object.getPrototypeOf(object)].flatMap(Object.getOwnPropertyNames)
    assert.ok(members.length > 3, name)
    for (const member of members) if (member !== 'constructor') assert.ok(words.has(member), `${name}: ${member}`)
  }
})

test('names commands that exist', () => {
  for (const document of [...documents.map(({ path }) => path), 'CONTRIBUTING.md']) {
    for (const [, name] of read(document).matchAll(/\bnpm run (?:--silent )?([\w:]+)/g)) {
      assert.ok(name in scripts, `${document}: npm run ${name}`)
    }
  }
  assert.ok('start' in scripts && 'test' in scripts)
})

test('has command lines that conform accepts', () => {
  const lines = blocks.flatMap(({ code }) => code.match(/dwebsocket conform (?:ws:|--exec).*/g) ?? [])
  assert.ok(lines.length >= 4)
  for (const line of lines) {
    const words = [...line.replace(/\s+#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word,
    )
    parseOptions(words.slice(2))
  }
})

/** Opens an instance of each public class. A member that is not private must be documented. */
async function openOneOfEach(t: TestContext): Promise<Record<string, object>> {
  const server = new index.WebSocketServer()
  const given: Record<string, object> = {
    server,
    rooms: new index.Rooms(),
    users: new index.Users(),
    room: new index.Rooms().room('tea'),
  }
  server.onUpgrade = (upgrade) => {
    Object.assign(given, { upgrade, connection: upgrade.accept() })
  }
  const { ws } = await serve(t, {
    urls: {
      '/': index.require_websocket(({ websocket }) => {
        Object.assign(given, { session: websocket })
        return websocket.wait()
      }),
    },
  })
  t.after(() => server.close())
  for (const url of [ws, `ws://${hostOf(await server.listen())}`]) {
    const { socket, closed } = await openWs(url)
    socket.close()
    await closed
  }
  return given
}

test('states the memory of an idle connection as SECURITY does', () => {
  const cost = /\(`idle`\) \| dwebsocket \| ([\d,]+) B/.exec(wholeText)?.[1] ?? ''
  const kib = /An idle\s+connection uses about (\d+) KiB/.exec(read('SECURITY.md'))?.[1]
  assert.is(Math.round(Number(cost.replaceAll(',', '')) / 1024), Number(kib))
})
