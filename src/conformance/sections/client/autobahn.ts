import { catalogue } from '../../catalogue/index.ts'
import type { Case } from '../../script/index.ts'

/** The Autobahn cases against a client: the server cases themselves, with the roles turned by the reception. */
export function turnToClient(serverCases: readonly Case[]): Case[] {
  const byId = new Map(serverCases.map((one) => [`client.${one.id}`, one]))
  return catalogue
    .filter(({ group }) => group === 'client.ab')
    .flatMap(({ id }) => {
      const found = byId.get(id)
      return found === undefined ? [] : [{ ...found, id }]
    })
}
