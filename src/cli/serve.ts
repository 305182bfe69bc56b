import cluster from 'node:cluster'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ClusterBroker, createServer } from '../index.ts'
import { createDemo } from './demo/site.ts'
import { LIMIT_HELP, limitOption, readLimitOptions } from './limit.ts'
import { listenOptions, readPort, runServer } from './listen.ts'
import { connectRedis } from './redis.ts'
import { readInteger } from './usage.ts'
import { runWorkers, workerSeat } from './workers.ts'

const HELP = `dwebsocket serve [options]

The demo site: open its address in a browser. /metrics is for Prometheus.

  --port N             port to listen on, 0 for a free one      (default 8000)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --no-deflate         declines permessage-deflate
  --workers N          serves with N processes that share the port
  --redis URL          joins its rooms with those of every server on the same Redis, as redis://host:6379;
                       needs the package redis beside this one
  --tail FILE          a file that the page /tail follows; repeatable, and
                       everybody who reaches the site can read it
${LIMIT_HELP}`

/** Views have a second to finish, then the Close frames are spread over another: pages come back by and by. */
const SHUTDOWN = { drain: 1_000, jitter: 1_000, deadline: 10_000 }

/** The command `dwebsocket serve`: runs until SIGINT or SIGTERM. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...listenOptions,
      ...limitOption,
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
  const workerCount = values.workers === undefined ? 0 : readInteger('workers', values.workers, 1, 256)
  const redis = values.redis === undefined ? null : await connectRedis(values.redis)
  if (workerCount > 0 && cluster.isPrimary) {
    await redis?.close()
    return runWorkers(workerCount)
  }
  const broker = redis?.broker ?? (cluster.isWorker ? new ClusterBroker() : undefined)
  // Whoever else is on the same Redis: their visitors should have other numbers.
  const seat = redis === null ? workerSeat(workerCount) : { index: randomInt(1000), count: 1000 }
  const { urls } = createDemo({ broker, seat, hasDesk: workerSeat(workerCount).index === 0, tail: values.tail })
  try {
    const server = createServer({ urls, deflate: !values['no-deflate'], ...limits })
    return await runServer(server, 'http', port, values.host, SHUTDOWN)
  } finally {
    await broker?.close()
    await redis?.close()
    // The channel to the primary would keep a worker alive.
    cluster.worker?.disconnect()
  }
}
