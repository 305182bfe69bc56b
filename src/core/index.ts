export { CloseCode, isSendableCloseCode } from './close-code.ts'
export { HandshakeError, ProtocolError, WebSocketError } from './errors.ts'
export { encodeFrame, type FrameOptions } from './frame-encoder.ts'
export { FrameParser, type FrameSink, type Role } from './frame-parser.ts'
export { MessageAssembler, type MessageLimits, type MessageSink } from './message-assembler.ts'
export type { MessageCodec } from './message-codec.ts'
export { Opcode } from './opcode.ts'
export {
  type CloseInfo,
  Hold,
  Protocol,
  type ProtocolOptions,
  type ProtocolSink,
  type ProtocolState,
} from './protocol.ts'
