/** Page script: parses frames (RFC 6455 §5.2), and shows the table of the wire log. */
export const wireScript = `
const opcodes = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }
let wireLogs

/** Resolves to the wire logs, which are decompressed when the first case is opened. */
function loadWire() {
  if (!wireLogs) {
    const bytes = Uint8Array.from(atob(document.getElementById('wire').textContent), (character) => character.charCodeAt(0))
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
    wireLogs = new Response(stream).json()
  }
  return wireLogs
}

function readHex(hex) {
  return Uint8Array.from((hex || '').match(/[0-9a-f]{2}/gi) || [], (pair) => parseInt(pair, 16))
}

function writeHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Parses the header and the unmasked payload of a frame. Returns null when the header is incomplete. */
function decodeFrame(bytes) {
  if (bytes.length < 2) return null
  const masked = (bytes[1] & 0x80) !== 0
  let length = bytes[1] & 0x7f
  let at = 2
  const extra = length === 126 ? 2 : length === 127 ? 8 : 0
  if (bytes.length < at + extra) return null
  if (extra > 0) length = Number('0x' + writeHex(bytes.subarray(at, at + extra)).replaceAll(' ', ''))
  at += extra
  const lengthEnd = at
  if (masked) at += 4
  if (bytes.length < at) return null
  const key = bytes.subarray(lengthEnd, at)
  const body = bytes.subarray(at, at + length)
  const payload = masked ? body.map((byte, index) => byte ^ key[index % 4]) : body
  return {
    fin: (bytes[0] & 0x80) !== 0,
    rsv: [1, 2, 3].filter((bit) => bytes[0] & (0x80 >> bit)),
    opcode: bytes[0] & 0x0f,
    masked, length, lengthEnd, payload,
    payloadStart: at,
  }
}

/** Formats a payload: text in quotes, a Close with code and reason. */
function describePayload(frame) {
  const { opcode, payload, length } = frame
  if (length === 0) return 'empty'
  const cut = payload.length < length ? ' …' : ''
  if (frame.rsv.includes(1)) return 'compressed'
  if (opcode === 8 && payload.length >= 2) {
    const reason = new TextDecoder().decode(payload.subarray(2))
    return (payload[0] << 8 | payload[1]) + (reason ? ' ' + JSON.stringify(reason) : '')
  }
  if (opcode === 2) return ''
  return JSON.stringify(new TextDecoder().decode(payload.subarray(0, 120))) + (payload.length > 120 ? ' …' : cut)
}

function frameChips(frame) {
  const name = opcodes[frame.opcode] || 'opcode 0x' + frame.opcode.toString(16)
  return [
    el('b.op', {}, name),
    el('span.bit' + (frame.fin ? '' : '.off'), {}, frame.fin ? 'FIN' : 'no FIN'),
    frame.rsv.map((bit) => el('span.bit.rsv', {}, 'RSV' + bit)),
    frame.masked ? el('span.bit', {}, 'masked') : '',
    el('span.bit', {}, frame.length.toLocaleString('en') + (frame.length === 1 ? ' byte' : ' bytes')),
    el('code.payload', {}, describePayload(frame)),
  ]
}

/** Shows the bytes, with a color for each part of the frame. */
function frameBytes(bytes, frame, size) {
  const part = (name, title, from, to) =>
    to > from ? [el('span.' + name, { title }, writeHex(bytes.subarray(from, to))), ' '] : []
  const rest = (size || bytes.length) - bytes.length
  const shown = frame
    ? [
        part('h0', 'FIN, RSV1–3, opcode', 0, 1),
        part('h1', 'MASK, payload length', 1, frame.lengthEnd),
        part('key', 'masking key', frame.lengthEnd, frame.payloadStart),
        part('data', 'payload', frame.payloadStart, bytes.length),
      ]
    : part('data', 'bytes', 0, bytes.length)
  return el('div.hex', {}, shown.flat(), rest > 0 ? el('span.more', {}, '+ ' + rest.toLocaleString('en') + ' bytes') : '')
}

function eventBody(event) {
  if (event.kind === 'http') return el('pre.http', {}, event.text.trimEnd())
  if (event.kind === 'connect') return el('span.transport', {}, 'connect ' + event.text.replace(/^connect /, ''))
  if (event.kind !== 'frame' && event.kind !== 'bytes') return el('span.transport', {}, event.kind.toUpperCase())
  const bytes = readHex(event.hex)
  const frame = event.kind === 'frame' ? decodeFrame(bytes) : null
  const head = frame ? frameChips(frame) : [el('span', {}, event.text)]
  return el('div', {}, el('div.frame', { title: event.text }, head), bytes.length > 0 ? frameBytes(bytes, frame, event.size) : '')
}

function wireTable(events) {
  const rows = events.map((event) =>
    el('tr.' + event.dir, {},
      el('td.time', {}, event.t.toFixed(1)),
      el('td.dir', { title: event.dir === 'out' ? 'sent by the tester' : 'received from the target' }, event.dir === 'out' ? '→' : '←'),
      el('td', {}, eventBody(event))))
  const legend = el('p.legend', {}, '→ sent by the tester, ← received. Bytes: ',
    el('span.h0', {}, 'FIN RSV opcode'), ' ', el('span.h1', {}, 'MASK length'), ' ', el('span.key', {}, 'masking key'), ' ', el('span.data', {}, 'payload'))
  return el('div', {},
    el('table.wire', {}, el('thead', {}, el('tr', {}, el('th', {}, 'ms'), el('td', {}), el('th', {}, 'event'))), el('tbody', {}, rows)),
    legend)
}
`
