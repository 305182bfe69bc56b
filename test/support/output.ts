import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/**
 * Reads the output of a program up to the first line that matches, and ignores the rest. Fails with what was read when
 * the program ends before.
 */
export async function matchLine(output: Readable, pattern: RegExp, program: string): Promise<RegExpExecArray> {
  let read = ''
  for await (const line of createInterface(output)) {
    const match = pattern.exec(line)
    if (match === null) {
      read += `${line}\n`
      continue
    }
    output.resume()
    return match
  }
  throw new Error(`${program} ended before it served:\n${read}`)
}
