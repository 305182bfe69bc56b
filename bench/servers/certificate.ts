import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reportMissing } from './support.ts'

/**
 * Makes a self-signed certificate with the curve for which TLS handshakes are cheapest. Without openssl the server is
 * excluded.
 */
export function makeCertificate(): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const output = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...output], { stdio: 'ignore' })
    return { cert: readFileSync(cert), key: readFileSync(key) }
  } catch {
    return reportMissing('openssl cannot make a certificate; TLS is not measured')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
