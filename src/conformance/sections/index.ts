import type { Case } from '../case.ts'
import { clientAnswer } from './client-answer.ts'
import { turnToClient } from './client-autobahn.ts'
import { clientClosing } from './client-closing.ts'
import { clientCompression } from './client-compression.ts'
import { clientExtension } from './client-extension.ts'
import { clientFrame } from './client-frame.ts'
import { clientRequest } from './client-request.ts'
import { clientUri } from './client-uri.ts'
import { closeCodes } from './close-code.ts'
import { closeSurvey } from './close-survey.ts'
import { closing } from './closing.ts'
import { controlFrames } from './control-frame.ts'
import { echoContract } from './echo-contract.ts'
import { extensionField } from './extension-field.ts'
import { fragmentation } from './fragmentation.ts'
import { httpSyntax } from './http-syntax.ts'
import { keyField } from './key.ts'
import { masking } from './masking.ts'
import { reservedOpcodes } from './opcode.ts'
import { acceptedHandshakes } from './opening-handshake.ts'
import { payloadLength } from './payload-length.ts'
import { pings } from './ping.ts'
import { requestLimits } from './request-limit.ts'
import { requestLine } from './request-line.ts'
import { connectionField, hostField, upgradeField } from './required-field.ts'
import { reservedBits } from './reserved-bit.ts'
import { segments } from './segment.ts'
import { serverAnswer } from './server-answer.ts'
import { subprotocolField } from './subprotocol.ts'
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
  ...payloadLength,
  ...segments,
  ...masking,
  ...reservedBits,
  ...reservedOpcodes,
  ...controlFrames,
  ...pings,
  ...fragmentation,
  ...closing,
  ...closeCodes,
  ...closeSurvey,
  ...echoContract,
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
]

const byId = new Map([...sections, ...clientSections].map((one) => [one.id, one]))

/** How the case of that id runs, if it is written. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
