import type { IncomingMessage } from 'node:http'

export type Sendable = string | Uint8Array | ArrayBuffer

export interface CloseInfo {
  code: number
  reason: string
  wasClean: boolean
  initiator: 'local' | 'remote' | 'transport'
  error?: Error
}

export interface Connection {
  onMessage: (data: string | Buffer, isBinary: boolean) => void
  onPong: (payload: Buffer) => void
  onClose: (info: CloseInfo) => void
  send(data: Sendable, options?: { compress?: boolean }): boolean
  drained(): Promise<void>
  ping(payload?: Sendable): void
  close(code?: number, reason?: string): void
  terminate(): void
  pause(): void
  resume(): void
  readonly request: IncomingMessage
  readonly subprotocol: string | null
  readonly state: 'open' | 'closing' | 'closed'
  readonly bufferedAmount: number
  readonly latency: number | null
}
