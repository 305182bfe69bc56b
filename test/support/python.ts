import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Program } from './need.ts'
import type { TestContext } from './unit.ts'

const has = (path: string): boolean => spawnSync(path, ['-c', 'import websockets']).status === 0
const found = [process.env['PYTHON_PATH'] ?? 'python3', '/usr/bin/python3'].find(has)
const missing = 'there is no Python with websockets; Debian: apt-get install python3-websockets, or set PYTHON_PATH'

/** Python with the package `websockets`. */
export const pythonWebsockets: Program = {
  missing: found === undefined ? missing : null,
  get path() {
    if (found === undefined) throw new Error(missing)
    return found
  },
}

/** Runs a program of `test/support` until the test ends. `line` resolves to its next line on standard output. */
export function startPython(t: TestContext, file: string, ...options: string[]) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(pythonWebsockets.path, ['-u', path, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async line(): Promise<string> {
      const { value } = await lines.next()
      if (value === undefined) throw new Error(`${file} has ended`)
      return value
    },
  }
}
