import type { Job, LoadAnswer, LoadCommand, PreparedLoad, ScenarioName } from '../load/workload.ts'
import { prepareBroadcast } from './broadcast.ts'
import { prepareDeflate } from './deflate.ts'
import { prepareEcho, prepareUpload } from './echo.ts'
import { prepareHandshake } from './handshake.ts'
import { prepareHostile } from './hostile.ts'
import { prepareIdle } from './idle.ts'

const preparations: Record<ScenarioName, (job: Job) => Promise<PreparedLoad>> = {
  echo: prepareEcho,
  upload: prepareUpload,
  broadcast: prepareBroadcast,
  idle: prepareIdle,
  handshake: prepareHandshake,
  deflate: prepareDeflate,
  hostile: prepareHostile,
}

let current: PreparedLoad | undefined

async function obey(command: LoadCommand): Promise<LoadAnswer> {
  if (command.type === 'prepare') {
    const { scenario } = command.job
    if (scenario === 'micro') throw new Error('micro needs no load')
    current = await preparations[scenario](command.job)
    return { type: 'prepared' }
  }
  if (!current) throw new Error(`${command.type} came before prepare`)
  if (command.type === 'run') return { type: 'result', result: await current.run() }
  const ending = current
  current = undefined
  await ending.finish()
  return { type: 'finished' }
}

const answer = (message: LoadAnswer): void => {
  process.send?.(message)
}

// A failed round leaves connections behind; they end with this process, which the benchmark then replaces.
const fail = (error: unknown): void => answer({ type: 'failed', message: (error as Error).message })

process.on('message', (command: LoadCommand) => void obey(command).then(answer, fail))
process.on('uncaughtException', fail)
process.on('disconnect', () => process.exit())
