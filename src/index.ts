export { type ConnectOptions, connect } from './client/connect.ts'
export {
  Connection,
  type Data,
  type Sendable,
  type SendOptions,
} from './connection/connection.ts'
export { type ConnectionLimits, defaultLimits, type RateLimit, worstCaseBytes } from './connection/limits.ts'
export { type PreparedMessage, prepare } from './connection/prepared-message.ts'
export { CloseCode } from './core/close-code.ts'
export { HandshakeError, ProtocolError, WebSocketError } from './core/errors.ts'
export { Opcode } from './core/opcode.ts'
export type { CloseInfo, ProtocolState } from './core/protocol.ts'
export type { DeflateOptions } from './deflate/options.ts'
export type { Refusal, ServerOptions, UpgradePolicy } from './server/options.ts'
export { WebSocketServer } from './server/server.ts'
export type { ShutdownOptions, ShutdownResult } from './server/shutdown.ts'
export { formatMetrics, type ServerStats } from './server/stats.ts'
export { isSameToken } from './server/token.ts'
export { type AcceptOptions, Upgrade } from './server/upgrade.ts'
export { type CreateServerOptions, createServer } from './session/create-server.ts'
export type { QueueOptions } from './session/message-queue.ts'
export { type MiddlewareOptions, WebSocketMiddleware } from './session/middleware.ts'
export type { ViewTable } from './session/router.ts'
export type { PathParams } from './session/urls.ts'
export type { SessionAware, ViewRequest, WebSocketRequest } from './session/view-request.ts'
export { accept_websocket, type Next, require_websocket, type View, type WebSocketView } from './session/views.ts'
export type { ViewOptions } from './session/visit.ts'
export { type SessionOptions, type WaitOptions, WebSocket } from './session/websocket.ts'
