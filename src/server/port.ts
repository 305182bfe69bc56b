import type { Port } from './listen-target.ts'
import { Listener, type ListenerHost as PortHost } from './listener.ts'
import type { ServerSettings } from './options.ts'
import { SecureListener } from './secure-listener.ts'

/** Creates the server's own port, with TLS when the option `http2` has a certificate. */
export function makePort(host: PortHost, settings: ServerSettings): Port {
  const { http2 } = settings
  return typeof http2 === 'object' ? new SecureListener(host, http2, settings) : new Listener(host, settings)
}

export type { Port, PortHost }
