import type { Case } from '../script/index.ts'
import { clientAnswer } from './client/answer.ts'
import { turnToClient } from './client/autobahn.ts'
import { clientClosing } from './client/closing.ts'
import { clientCompression } from './client/compression.ts'
import { clientExtension } from './client/extension.ts'
import { clientFrame } from './client/frame.ts'
import { clientRequest } from './client/request.ts'
import { clientTls } from './client/tls.ts'
import { clientUri } from './client/uri.ts'
import { choppedScripts } from './server/chopped-script.ts'
import { closeCodes } from './server/close-code.ts'
import { closeSurvey } from './server/close-survey.ts'
import { closing } from './server/closing.ts'
import { controlFrames } from './server/control-frame.ts'
import { deflateBroken } from './server/deflate-broken.ts'
import { deflateData } from './server/deflate-data.ts'
import { deflateFrame } from './server/deflate-frame.ts'
import { deflateLimit } from './server/deflate-limit.ts'
import { deflateOffer } from './server/deflate-offer.ts'
import { deflateVolume } from './server/deflate-volume.ts'
import { deflateWindow } from './server/deflate-window.ts'
import { echoContract } from './server/echo-contract.ts'
import { extensionField } from './server/extension-field.ts'
import { floods } from './server/flood.ts'
import { fragmentOrder } from './server/fragment-order.ts'
import { fragmentation } from './server/fragmentation.ts'
import { fuzzing } from './server/fuzz.ts'
import { httpSyntax } from './server/http-syntax.ts'
import { http2Data } from './server/http2-data.ts'
import { http2Malformed } from './server/http2-malformed.ts'
import { http2Requests } from './server/http2-request.ts'
import { http2Settings } from './server/http2-setting.ts'
import { http2Streams } from './server/http2-stream.ts'
import { http2Subset } from './server/http2-subset.ts'
import { keyField } from './server/key.ts'
import { longMessages } from './server/long-message.ts'
import { manyConnections } from './server/many-connections.ts'
import { masking } from './server/masking.ts'
import { messageLimits } from './server/message-limit.ts'
import { messageSizes } from './server/message-size.ts'
import { reservedOpcodes } from './server/opcode.ts'
import { acceptedHandshakes } from './server/opening-handshake.ts'
import { passiveChecks } from './server/passive-check.ts'
import { payloadLength } from './server/payload-length.ts'
import { pings } from './server/ping.ts'
import { requestLimits } from './server/request-limit.ts'
import { requestLine } from './server/request-line.ts'
import { connectionField, hostField, upgradeField } from './server/required-field.ts'
import { reservedBits } from './server/reserved-bit.ts'
import { segments } from './server/segment.ts'
import { serverAnswer } from './server/server-answer.ts'
import { slowPeers } from './server/slow-peer.ts'
import { subprotocolField } from './server/subprotocol.ts'
import { textFailFast } from './server/text-fail-fast.ts'
import { textFragments } from './server/text-fragment.ts'
import { textSequences } from './server/text-sequence.ts'
import { textVolume } from './server/text-volume.ts'
import { throughput } from './server/throughput.ts'
import { tlsHandshake } from './server/tls.ts'
import { versionField } from './server/version.ts'

/** All cases for servers. One line adds a section. */
export const sections: readonly Case[] = [
  ...acceptedHandshakes,
  ...serverAnswer,
  ...requestLine,
  ...hostField,
  ...upgradeField,
  ...connectionField,
  ...keyField,
  ...versionField,
  ...subprotocolField,
  ...extensionField,
  ...httpSyntax,
  ...requestLimits,
  ...tlsHandshake,
  ...textSequences,
  ...textFragments,
  ...textFailFast,
  ...textVolume,
  ...messageSizes,
  ...throughput,
  ...messageLimits,
  ...choppedScripts,
  ...slowPeers,
  ...floods,
  ...manyConnections,
  ...fuzzing,
  ...passiveChecks,
  ...payloadLength,
  ...segments,
  ...masking,
  ...reservedBits,
  ...reservedOpcodes,
  ...controlFrames,
  ...pings,
  ...fragmentation,
  ...longMessages,
  ...fragmentOrder,
  ...closing,
  ...closeCodes,
  ...closeSurvey,
  ...echoContract,
  ...deflateOffer,
  ...deflateFrame,
  ...deflateData,
  ...deflateWindow,
  ...deflateBroken,
  ...deflateLimit,
  ...deflateVolume,
  ...http2Settings,
  ...http2Requests,
  ...http2Malformed,
  ...http2Data,
  ...http2Streams,
  ...http2Subset,
]

/** All cases for clients. */
export const clientSections: readonly Case[] = [
  ...clientRequest,
  ...clientUri,
  ...clientAnswer,
  ...clientExtension,
  ...turnToClient(sections),
  ...clientFrame,
  ...clientCompression,
  ...clientClosing,
  ...clientTls,
]

const byId = new Map([...sections, ...clientSections].map((one) => [one.id, one]))

/** Returns the case with this id, or undefined. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
