import type { Case } from '../case.ts'
import { extensionField } from './extension-field.ts'
import { httpSyntax } from './http-syntax.ts'
import { keyField } from './key.ts'
import { acceptedHandshakes } from './opening-handshake.ts'
import { requestLimits } from './request-limit.ts'
import { requestLine } from './request-line.ts'
import { connectionField, hostField, upgradeField } from './required-field.ts'
import { serverAnswer } from './server-answer.ts'
import { subprotocolField } from './subprotocol.ts'
import { textFailFast } from './text-fail-fast.ts'
import { textFragments } from './text-fragment.ts'
import { textSequences } from './text-sequence.ts'
import { textVolume } from './text-volume.ts'
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
]

const byId = new Map(sections.map((one) => [one.id, one]))

/** How the case of that id runs, if it is written. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
