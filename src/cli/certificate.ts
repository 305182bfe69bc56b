import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CreateServerOptions } from '../index.ts'
import { UsageError } from './usage.ts'

/** The options of the commands that serve HTTP/2. */
export const http2Options = {
  http2: { type: 'boolean', default: false },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const

/** The lines of the help about `http2Options`. */
export const HTTP2_HELP = `  --http2              serves HTTP/2 (RFC 8441) and HTTP/1.1 over TLS
  --cert FILE          the certificate as PEM; needs --key      (default: openssl makes one for localhost)
  --key FILE           the key of the certificate
`

/** The values of the options `http2Options`. */
interface Http2Values {
  http2: boolean
  cert?: string | undefined
  key?: string | undefined
}

/**
 * Converts the options of the command line to options of a server.
 *
 * @throws {UsageError} when the options contradict each other, or there is no certificate.
 */
export function readHttp2Options({ http2, cert, key }: Http2Values): CreateServerOptions {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key must be used together')
  if (!http2) {
    if (cert !== undefined) throw new UsageError('--cert and --key need --http2')
    return {}
  }
  if (cert === undefined || key === undefined) return { http2: makeCertificate() }
  return { http2: { cert: readFile('--cert', cert), key: readFile('--key', key) } }
}

function readFile(name: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`${name} ${path}: ${(error as Error).message}`)
  }
}

/** Makes a self-signed certificate for this machine that is valid for 30 days. */
function makeCertificate(): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1']
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { cert: readFileSync(cert), key: readFileSync(key) }
  } catch (error) {
    throw new UsageError(`openssl did not create a certificate (${(error as Error).message}); use --cert and --key`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
