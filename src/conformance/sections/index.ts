import type { Case } from '../case.ts'
import { choppedScripts } from './chopped-script.ts'
import { clientAnswer } from './client-answer.ts'
import { turnToClient } from './client-autobahn.ts'
import { clientClosing } from './client-closing.ts'
import { clientCompression } from './client-compression.ts'
import { clientExtension } from './client-extension.ts'
import { clientFrame } from './client-frame.ts'
import { clientRequest } from './client-request.ts'
import { clientTls } from './client-tls.ts'
import { clientUri } from './client-uri.ts'
import { closeCodes } from './close-code.ts'
import { closeSurvey } from './close-survey.ts'
import { closing } from './closing.ts'
import { controlFrames } from './control-frame.ts'
import { deflateBroken } from './deflate-broken.ts'
import { deflateData } from './deflate-data.ts'
import { deflateFrame } from './deflate-frame.ts'
import { deflateLimit } from './deflate-limit.ts'
import { deflateOffer } from './deflate-offer.ts'
import { deflateVolume } from './deflate-volume.ts'
import { deflateWindow } from './deflate-window.ts'
import { echoContract } from './echo-contract.ts'
import { extensionField } from './extension-field.ts'
import { floods } from './flood.ts'
import { fragmentOrder } from './fragment-order.ts'
import { fragmentation } from './fragmentation.ts'
import { fuzzing } from './fuzz.ts'
import { httpSyntax } from './http-syntax.ts'
import { keyField } from './key.ts'
import { manyConnections } from './many-connections.ts'
import { masking } from './masking.ts'
import { messageLimits } from './message-limit.ts'
import { messageSizes } from './message-size.ts'
import { reservedOpcodes } from './opcode.ts'
import { acceptedHandshakes } from './opening-handshake.ts'
import { passiveChecks } from './passive-check.ts'
import { payloadLength } from './payload-length.ts'
import { pings } from './ping.ts'
import { requestLimits } from './request-limit.ts'
import { requestLine } from './request-line.ts'
import { connectionField, hostField, upgradeField } from './required-field.ts'
import { reservedBits } from './reserved-bit.ts'
import { segments } from './segment.ts'
import { serverAnswer } from './server-answer.ts'
import { slowPeers } from './slow-peer.ts'
import { subprotocolField } from './subprotocol.ts'
import { textFailFast } from './text-fail-fast.ts'
import { textFragments } from './text-fragment.ts'
import { textSequences } from './text-sequence.ts'
import { textVolume } from './text-volume.ts'
import { throughput } from './throughput.ts'
import { tlsHandshake } from './tls.ts'
import { versionField } from './version.ts'

/** Every case against a server; a section is added by one line. */
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
]

/** Every case against a client. */
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

/** How the case of that id runs, if it is written. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
