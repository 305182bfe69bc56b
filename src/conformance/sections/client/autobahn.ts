import { catalogue } from '../../catalogue/index.ts'
import type { Case } from '../../script/index.ts'

/** The Autobahn cases for clients: the server cases, for which the reception swaps the roles. */
export function turnToClient(serverCases: readonly Case[]): Case[] {
  const byId = new Map(serverCases.map((one) => [`client.${one.id}`, one]))
  return catalogue
    .filter(({ group }) => group === 'client.ab')
    .flatMap(({ id }) => {
      const found = byId.get(id)
      return found === undefined ? [] : [{ ...found, id }]
    })
}
