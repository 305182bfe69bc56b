import { parse } from 'uvu/parse'
import { run } from 'uvu/run'
import { endChromium } from './support/chromium.ts'

/**
 * Runs every test whose path matches the pattern given on the command line. What tests leave open is told and ended:
 * under uvu's own command it would keep the run from ending.
 */
const { suites } = await parse('test', process.argv[2] ?? '\\.test\\.ts$')
await run(suites)
await endChromium()
const left = process.getActiveResourcesInfo().filter((name) => /Socket|Server|Process/.test(name))
if (left.length > 0) console.log(`left open: ${left.join(', ')}`)
process.exit()
