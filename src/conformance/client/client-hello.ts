/** A TLS ClientHello: its server name, or null (RFC 8446 §4.1.2, RFC 6066 §3). */
export interface ClientHello {
  serverName: string | null
}

const HANDSHAKE = 0x16
const CLIENT_HELLO = 0x01

/** Reads the first record of a connection. Returns null when it is not a complete ClientHello. */
export function parseClientHello(bytes: Buffer): ClientHello | null {
  if (bytes.length < 5 || bytes[0] !== HANDSHAKE || bytes.length < 5 + bytes.readUInt16BE(3)) return null
  if (bytes[5] !== CLIENT_HELLO) return null
  try {
    // Type and length of the handshake message, version, random.
    let at = 5 + 4 + 2 + 32
    at += 1 + bytes.readUInt8(at)
    at += 2 + bytes.readUInt16BE(at)
    at += 1 + bytes.readUInt8(at)
    const end = at + 2 + bytes.readUInt16BE(at)
    for (at += 2; at + 4 <= end; at += 4 + bytes.readUInt16BE(at + 2)) {
      if (bytes.readUInt16BE(at) === 0) return { serverName: readServerName(bytes, at + 4) }
    }
    return { serverName: null }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Returns the first entry of the list of server names. */
function readServerName(bytes: Buffer, start: number): string {
  const length = bytes.readUInt16BE(start + 3)
  return bytes.toString('latin1', start + 5, start + 5 + length)
}
