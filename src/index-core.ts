export { CloseCode, isSendableCloseCode } from './core/close-code.ts'
export { HandshakeError, ProtocolError, WebSocketError } from './core/errors.ts'
export { encodeFrame, type FrameOptions } from './core/frame-encoder.ts'
export { FrameParser, type FrameSink, type Role } from './core/frame-parser.ts'
export { MessageAssembler, type MessageLimits, type MessageSink } from './core/message-assembler.ts'
export type { MessageCodec } from './core/message-codec.ts'
export { Opcode } from './core/opcode.ts'
export {
  type CloseInfo,
  PauseReason,
  Protocol,
  type ProtocolOptions,
  type ProtocolSink,
  type ProtocolState,
} from './core/protocol.ts'
export { decodeText, isValidUtf8, Utf8Validator } from './core/text.ts'
export { applyMask, isAsciiOr, readMaskingKey, rotateKey } from './fast/mask.ts'
export { acceptKey, isValidKey, makeKey } from './handshake/accept-key.ts'
export { type Extension, parseExtensions } from './handshake/header-grammar.ts'
export { type RequestHead, RequestHeadParser } from './handshake/request-head.ts'
export { checkUpgradeRequest, isUpgradeRequest, type UpgradeRequest } from './handshake/upgrade-request.ts'
export { formatAccept, formatRefusal } from './handshake/upgrade-response.ts'
