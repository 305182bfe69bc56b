import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The command `dwebsocket bench`: a separate program, which shares no code with the library. */
export function bench(args: string[]): Promise<number> {
  const path = import.meta.url.endsWith('.ts') ? '../../bench/main.ts' : '../bench/main.js'
  const script = fileURLToPath(new URL(path, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]))
  })
}
