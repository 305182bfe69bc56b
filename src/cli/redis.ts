import { RedisBroker } from '../index-redis.ts'
import { UsageError } from './usage.ts'

/** A broker together with its client. */
export interface RedisConnection {
  readonly broker: RedisBroker
  close(): Promise<void>
}

/**
 * Connects to the Redis server of `--redis`. Reports a lost and a restored connection on standard error.
 *
 * @throws {UsageError} when the package `redis` is not installed, or no server responds at `url`.
 */
export async function connectRedis(url: string): Promise<RedisConnection> {
  const client = await makeClient(url)
  let isLost = false
  client.on('error', (error: Error) => {
    if (!isLost) process.stderr.write(`dwebsocket: the connection to redis is lost: ${error.message}\n`)
    isLost = true
  })
  client.on('ready', () => {
    if (isLost) process.stderr.write('dwebsocket: the connection to redis is restored\n')
    isLost = false
  })
  const broker = new RedisBroker(client)
  await broker.ready
  return {
    broker,
    close: async () => {
      await broker.close()
      if (client.isOpen) client.destroy()
    },
  }
}

async function makeClient(url: string) {
  const { createClient } = await importRedis()
  let wasReady = false
  try {
    // Retry only after a first connection.
    const reconnectStrategy = (retries: number): number | false => wasReady && Math.min(retries * 50, 2_000)
    const client = createClient({ url, socket: { reconnectStrategy } })
    client.once('error', () => {})
    await client.connect()
    wasReady = true
    return client
  } catch (error) {
    throw new UsageError(`--redis ${url}: ${error instanceof AggregateError ? error.errors[0] : error}`)
  }
}

async function importRedis(): Promise<typeof import('redis')> {
  try {
    return await import('redis')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError('--redis needs the package redis: npm install redis')
  }
}
