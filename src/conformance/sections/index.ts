import type { Case } from '../case.ts'
import { acceptedHandshakes } from './opening-handshake.ts'

/** Every case against a server; a section is added by one line. */
export const sections: readonly Case[] = [...acceptedHandshakes]

const byId = new Map(sections.map((one) => [one.id, one]))

/** How the case of that id runs, if it is written. */
export function findCase(id: string): Case | undefined {
  return byId.get(id)
}
