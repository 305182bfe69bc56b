import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

/** A certificate of the tester and its key, as PEM. */
export interface Certificate {
  cert: string
  key: string
}

const SECONDS_OF_A_DAY = 86_400
/** Encoded object identifiers (RFC 5480, RFC 5280, RFC 5758). */
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex')
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex')

/** Makes a self-signed certificate for localhost and 127.0.0.1 that is valid for one day (RFC 5280 §4.1). */
export function createCertificate(now = new Date()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('dwebsocket conform')))))
  const algorithm = sequence(ECDSA_WITH_SHA256)
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)])
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(utcTime(now, -SECONDS_OF_A_DAY), utcTime(now, SECONDS_OF_A_DAY)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(SUBJECT_ALT_NAME, der(0x04, names)),
        sequence(
          BASIC_CONSTRAINTS,
          der(0x01, Buffer.from([0xff])),
          der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
        ),
      ),
    ),
  )
  const signature = createSign('sha256').update(body).sign(privateKey)
  const bytes = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = bytes.toString('base64').replace(/(.{64})/g, '$1\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/** Encodes tag, length and content (X.690 §8.1). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function utcTime(now: Date, seconds: number): Buffer {
  const digits = new Date(now.getTime() + seconds * 1000).toISOString().replace(/\D/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}
