export { OutboxFullError } from './browser/outbox.ts'
export { ReconnectingWebSocket } from './browser/reconnecting-web-socket.ts'
export { readEnvelopeId } from './browser/resume.ts'
export type {
  ClientData,
  ClientEnvironment,
  ClientEvents,
  ClientOptions,
  ClosedEvent,
  CloseReport,
  ReconnectingEvent,
  SocketLike,
  UrlSource,
} from './browser/types.ts'
