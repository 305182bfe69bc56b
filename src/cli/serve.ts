import { parseArgs } from 'node:util'
import { createServer } from '../index.ts'
import { createDemo } from './demo/site.ts'
import { LIMIT_HELP, limitOption, readLimitOptions } from './limit.ts'
import { listenOptions, readPort, runServer } from './listen.ts'

const HELP = `dwebsocket serve [options]

The demo site: open its address in a browser. /metrics is for Prometheus.

  --port N             port to listen on, 0 for a free one      (default 8000)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --no-deflate         declines permessage-deflate
${LIMIT_HELP}`

/** Views have a second to finish, then the Close frames are spread over another: pages come back by and by. */
const SHUTDOWN = { drain: 1_000, jitter: 1_000, deadline: 10_000 }

/** The command `dwebsocket serve`: runs until SIGINT or SIGTERM. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { ...listenOptions, ...limitOption, 'no-deflate': { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const { urls } = createDemo()
  return runServer(
    createServer({ urls, deflate: !values['no-deflate'], ...readLimitOptions(values.limit) }),
    'http',
    readPort(values.port, 8000),
    values.host,
    SHUTDOWN,
  )
}
