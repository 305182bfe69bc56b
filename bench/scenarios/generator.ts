import type { LoadOrder, PreparedLoad, ScenarioName } from '../load/workload.ts'
import { prepareBroadcast } from './broadcast.ts'
import { prepareDeflate } from './deflate.ts'
import { prepareEcho, prepareUpload } from './echo.ts'
import type { GeneratorAnswer, GeneratorCommand } from './generator-message.ts'
import { prepareHandshake } from './handshake.ts'
import { prepareHostile } from './hostile.ts'
import { prepareIdle } from './idle.ts'
import { prepareKeepalive } from './keepalive.ts'

/* The load generator. It is a separate process, so that its work is not counted as work of the server. */

const preparations: Record<ScenarioName, (order: LoadOrder) => Promise<PreparedLoad>> = {
  echo: prepareEcho,
  upload: prepareUpload,
  broadcast: prepareBroadcast,
  idle: prepareIdle,
  keepalive: prepareKeepalive,
  handshake: prepareHandshake,
  deflate: prepareDeflate,
  hostile: prepareHostile,
}

let prepared: PreparedLoad | undefined

async function execute(command: GeneratorCommand): Promise<GeneratorAnswer> {
  if (command.type === 'prepare') {
    const { scenario } = command.order
    if (scenario === 'micro') throw new Error('micro needs no load')
    prepared = await preparations[scenario](command.order)
    return { type: 'prepared' }
  }
  if (!prepared) throw new Error(`received ${command.type} before prepare`)
  if (command.type === 'run') return { type: 'result', result: await prepared.run() }
  const ending = prepared
  prepared = undefined
  await ending.finish()
  return { type: 'finished' }
}

const answer = (message: GeneratorAnswer): void => {
  process.send?.(message)
}

// A failed round may leave connections open. They end with this process, which the benchmark then replaces.
const fail = (error: unknown): void => answer({ type: 'failed', message: (error as Error).message })

process.on('message', (command: GeneratorCommand) => void execute(command).then(answer, fail))
process.on('uncaughtException', fail)
process.on('disconnect', () => process.exit())
