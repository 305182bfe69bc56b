/** The beginning of a script that connects to a server. HOST, PORT and SHOWN are replaced. */
export const OPENING: readonly string[] = [
  "import { connect } from 'node:net'",
  "import { setTimeout as sleep } from 'node:timers/promises'",
  "const open = (name, socket = Object.assign(connect({ host: 'HOST', port: process.argv[2] ?? PORT, noDelay: true, allowHalfOpen: true }), { name, got: [] }), note = (text) => socket.got.push(text)) =>",
  "  socket.on('data', (bytes) => note(show(bytes))).on('end', () => note('FIN')).on('error', ({ code }) => note(code))",
]

/** The beginning of a script to which clients connect. */
export const LISTENING: readonly string[] = [
  "import { createHash } from 'node:crypto'",
  "import { createServer } from 'node:net'",
  "import { setTimeout as sleep } from 'node:timers/promises'",
  'const waiting = []',
  "const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket, got = [], bytes = '') => {",
  "  socket.on('end', () => got.push('FIN')).on('error', ({ code }) => got.push(code)).on('data', (chunk) => {",
  '    if (socket.head) return got.push(show(chunk))',
  "    const end = (bytes += chunk.toString('latin1')).indexOf('\\r\\n\\r\\n') + 4",
  '    if (end > 3) waiting.push(Object.assign(socket, { got, head: bytes.slice(0, end) })) }) })',
  "server.listen(process.argv[2] ?? PORT, 'HOST', () => console.log('listening on port ' + server.address().port))",
  'const next = async (name) => {',
  '  while (waiting.length === 0) await sleep(20)',
  "  console.log(name + ' < ' + JSON.stringify(waiting[0].head)); return Object.assign(waiting.shift(), { name }) }",
  "const accept = ({ head }) => createHash('sha1').update(/^sec-websocket-key: *(\\S*)/im.exec(head)?.[1] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')",
]

/** The part that all scripts have. */
export const COMMON: readonly string[] = [
  "const hex = (digits, times = 1) => Buffer.alloc((digits.length / 2) * times, digits, 'hex')",
  "const show = (b) => b.length + ' bytes: ' + (b.indexOf('HTTP') ? b.toString('hex') : JSON.stringify(b.toString('latin1'))).slice(0, SHOWN)",
  "const send = async (socket, bytes, ...sizes) => { for (let at = 0, n = 0, size; at < bytes.length && socket.writable; at += size, await sleep(5)) { size = sizes[n++] ?? sizes.at(-1) ?? bytes.length; socket.write(bytes.slice(at, at + size), 'latin1') } }",
  'const answer = async (socket) => {',
  '  for (let n = 0; n < 500 && socket.readable && socket.got.length === 0; n++) await sleep(10)',
  "  await sleep(50); console.log(socket.got.splice(0).map((text) => socket.name + ' < ' + text).join('\\n') || (socket.readable ? 'nothing within 5 s' : 'closed')) }",
]

/** Restores compressed bytes. */
export const UNPACKING: readonly string[] = [
  "import { inflateRawSync } from 'node:zlib'",
  "const unpack = (text) => inflateRawSync(Buffer.from(text, 'base64'))",
]

/** Makes a text of the differences between its code points, which are compressed 32-bit numbers. */
export const SUMMING: readonly string[] = [
  "const sums = (text, at = 0) => Buffer.from(Array.from(new Int32Array(new Uint8Array(unpack(text)).buffer), (step) => String.fromCodePoint((at += step))).join(''))",
]

/** Makes a masked frame of its header, which ends with the key, and of its payload (RFC 6455 §5.3). */
export const MASKING: readonly string[] = [
  'const masked = (header, payload, head = hex(header)) => Buffer.concat([head, payload.map((byte, at) => byte ^ head[head.length - 4 + (at % 4)])])',
]
