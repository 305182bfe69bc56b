import type { Case } from '../case.ts'
import { deflateBroken } from './deflate-broken.ts'
import { deflateData } from './deflate-data.ts'
import { deflateFrame } from './deflate-frame.ts'
import { deflateLimit } from './deflate-limit.ts'
import { deflateOffer } from './deflate-offer.ts'
import { deflateVolume } from './deflate-volume.ts'
import { deflateWindow } from './deflate-window.ts'
import { extensionField } from './extension-field.ts'
import { httpSyntax } from './http-syntax.ts'
import { keyField } from './key.ts'
import { acceptedHandshakes } from './opening-handshake.ts'
import { requestLimits } from './request-limit.ts'
import { requestLine } from './request-line.ts'
import { connectionField, hostField, upgradeField } from './required-field.ts'
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
  ...deflateOffer,
  ...deflateFrame,
  ...deflateData,
  ...deflateWindow,
  ...deflateBroken,
  ...deflateLimit,
  ...deflateVolume,
]

const byId = new Map(sections.map((one) => [one.id, one]))

/** How the case of that id runs, if it is written. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
