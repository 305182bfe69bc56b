import { runStress } from './stress.ts'

const [connectionCount, duration, seed, deflate] = process.argv.slice(2).map(Number)
process.stdout.write(String(await runStress({ connectionCount, duration, seed, deflate: deflate === 1 })))
