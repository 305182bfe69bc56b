export type { ByteEngine, WholeMessageSink } from './core/byte-engine.ts'
export { CloseCode, isSendableCloseCode } from './core/close-code.ts'
export type { CloseInfo, ClosingSink, ProtocolState } from './core/closing-handshake.ts'
export { HandshakeError, ProtocolError, WebSocketError } from './core/errors.ts'
export { encodeFrame, type FrameOptions } from './core/frame-encoder.ts'
export {
  type ControlFrameSink,
  type DataFrameSink,
  FrameParser,
  type FrameSinks,
  type ParserOptions,
  type Role,
} from './core/frame-parser.ts'
export { type FlowSink, PauseReason } from './core/input-gate.ts'
export { readMaskingKey, rotateKey } from './core/masking-key.ts'
export {
  type AssemblerOptions,
  type CodecSink,
  MessageAssembler,
  type MessageLimits,
  type MessageSink,
} from './core/message-assembler.ts'
export type { InflateSink, MessageCodec, MessageDeflater, MessageInflater } from './core/message-codec.ts'
export { Opcode } from './core/opcode.ts'
export type { Pending } from './core/pending.ts'
export { plainEngine } from './core/plain-engine.ts'
export { Protocol, type ProtocolOptions, type ProtocolSink } from './core/protocol.ts'
export type { StreamSink } from './core/stream-assembler.ts'
export { isValidUtf8, Utf8Validator } from './core/text.ts'
export { fastEngine } from './fast/engine.ts'
export { applyMask } from './fast/mask.ts'
export { decodeText } from './fast/utf8-decoder.ts'
export { acceptKey, isValidKey, makeKey } from './handshake/accept-key.ts'
export { type Extension, parseExtensions } from './handshake/header-grammar.ts'
export { type RequestHead, RequestHeadParser } from './handshake/request-head.ts'
export { checkUpgradeRequest, isUpgradeRequest, type UpgradeRequest } from './handshake/upgrade-request.ts'
export { formatAccept, formatRefusal } from './handshake/upgrade-response.ts'
