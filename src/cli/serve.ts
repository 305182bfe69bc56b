import cluster from 'node:cluster'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ClusterBroker, createServer } from '../index.ts'
import { integer } from '../options/option-rule.ts'
import { HTTP2_HELP, http2Options, readHttp2Options } from './certificate.ts'
import { createDemo } from './demo/site.ts'
import { LIMIT_HELP, limitOption, readLimitOptions } from './limit.ts'
import { listenOptions, readPort, runServer } from './listen.ts'
import { connectRedis } from './redis.ts'
import { readOption, UsageError, withUsageErrors } from './usage.ts'
import { runWorkers, workerSeat } from './workers.ts'

const HELP = `dwebsocket serve [options]

Starts the demo site. Open its address in a browser. GET /metrics returns statistics for Prometheus.

  --port N             port to listen on, 0 for a free one      (default 8000)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --no-deflate         turns permessage-deflate off
  --workers N          starts N processes that share the port
  --redis URL          shares the rooms with every server on the same Redis, for example
                       redis://host:6379; needs the package redis
  --tail FILE          a file that the page /tail follows; repeatable. Every visitor of the site
                       can read this file
${HTTP2_HELP}${LIMIT_HELP}`

/** Milliseconds for views to finish, and to spread the Close frames so that pages do not reconnect at the same time. */
const SHUTDOWN = { drain: 1_000, jitter: 1_000, deadline: 10_000 }

/** The command `dwebsocket serve`: runs until SIGINT or SIGTERM. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...listenOptions,
      ...limitOption,
      ...http2Options,
      'no-deflate': { type: 'boolean', default: false },
      workers: { type: 'string' },
      redis: { type: 'string' },
      tail: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const port = readPort(values.port, 8000)
  const limits = readLimitOptions(values.limit)
  const workerCount = values.workers === undefined ? 0 : readOption('workers', values.workers, integer(1, 1, 256))
  if (workerCount > 0 && values.http2 && values.cert === undefined) {
    throw new UsageError(
      '--http2 with --workers needs --cert and --key: otherwise, every process would make its own certificate',
    )
  }
  const http2 = readHttp2Options(values)
  const redis = values.redis === undefined ? null : await connectRedis(values.redis)
  if (workerCount > 0 && cluster.isPrimary) {
    await redis?.close()
    return runWorkers(workerCount)
  }
  const broker = redis?.broker ?? (cluster.isWorker ? new ClusterBroker() : undefined)
  // Other servers on the same Redis server also number their visitors, and the numbers should differ.
  const seat = redis === null ? workerSeat(workerCount) : { index: randomInt(1000), count: 1000 }
  const { urls } = createDemo({ broker, seat, hasDesk: workerSeat(workerCount).index === 0, tail: values.tail })
  try {
    const server = withUsageErrors(() => createServer({ urls, deflate: !values['no-deflate'], ...http2, ...limits }))
    return await runServer(server, values.http2 ? 'https' : 'http', port, values.host, SHUTDOWN)
  } finally {
    await broker?.close()
    await redis?.close()
    // The IPC channel to the primary would keep a worker running.
    cluster.worker?.disconnect()
  }
}
