import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { quirks } from '../unusual/quirks.ts'
import { driveClient, runClient } from './client.ts'
import { clientDefects } from './client-defects.ts'
import type { Defect } from './defect.ts'
import type { Defects } from './defects.ts'
import { startServer } from './server.ts'
import { serverDefects } from './server-defects.ts'

const USAGE = `main.ts --port N [--defect NAME]      the server, with a defect
main.ts --client URL [--defect NAME]  the client: connects once and echoes
main.ts --drive URL [--agent NAME]    the client by Autobahn's protocol
main.ts --list                        the defects`

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    client: { type: 'string' },
    drive: { type: 'string' },
    agent: { type: 'string', default: 'reference' },
    defect: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
})

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})

async function main(): Promise<void> {
  if (values.list) return list()
  if (values.client) return connect(values.client)
  if (values.drive) return driveClient(values.drive, values.agent, { defects: defectsIn(clientDefects) })
  if (values.port === undefined) throw new TypeError(USAGE)
  const server = await startServer({ port: Number(values.port), defects: defectsIn({ ...serverDefects, ...quirks }) })
  console.log(`listening ${server.url}`)
}

/** Connects once, reports events as lines, and reads the command `close` from standard input. */
async function connect(url: string): Promise<void> {
  const onEvent = (event: object): void => console.log(JSON.stringify(event))
  const commands = createInterface(process.stdin)
  onEvent({ event: 'ready' })
  await new Promise<void>((resolve, reject) => {
    const opened = new Promise<(code: number) => void>((onOpen) => {
      runClient(url, { defects: defectsIn(clientDefects), onEvent, onOpen }).then(resolve, reject)
    })
    commands.on('line', async (line) => line.includes('"close"') && (await opened)(1000))
  })
  commands.close()
}

function defectsIn(table: Record<string, Defect | string>): Defects {
  for (const name of values.defect) if (!(name in table)) throw new RangeError(`no defect ${name}; see --list`)
  return new Set(values.defect) as Defects
}

function list(): void {
  for (const [name, { sentence }] of Object.entries(serverDefects)) console.log(`server  ${name}: ${sentence}`)
  for (const [name, sentence] of Object.entries(quirks)) console.log(`quirk   ${name}: ${sentence}`)
  for (const [name, { sentence }] of Object.entries(clientDefects)) console.log(`client  ${name}: ${sentence}`)
}
