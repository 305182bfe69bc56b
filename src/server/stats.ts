import { accountMemory } from '../connection/connection.ts'
import { LATENCY_BOUNDS } from '../connection/traffic.ts'
import type { ConnectionSet } from './connection-set.ts'

/** Current values of a server, and counts since it was created. */
export interface ServerStats {
  /** Number of connections whose transport has not closed. */
  connections: number
  /** Number of accepted upgrades. */
  accepted: number
  /** Number of refused upgrades, by HTTP status. */
  refused: Record<string, number>
  /** Number of messages received. */
  receivedMessages: number
  /** Number of messages sent. */
  sentMessages: number
  /** Number of bytes received after the opening handshake, including frame headers. */
  receivedBytes: number
  /** Number of bytes sent after the opening handshake, including frame headers. */
  sentBytes: number
  /** Number of messages that were dropped because of `overflow: 'drop'` or `wait: false`. */
  droppedMessages: number
  /** Number of closed connections, by close code. */
  closeCodes: Record<string, number>
  /** Number of bytes that wait to be sent. */
  bufferedBytes: number
  /** Memory in bytes that the buffers and queues of connections use. It counts toward `maxMemory`. */
  heldBytes: number
  /**
   * Histogram of the round-trip times of keepalive pings, in milliseconds. `counts[i]` is the number of pings that took
   * at most `bounds[i]` but longer than the previous bound. The last count is for pings that took longer than all
   * bounds. `sum` is the sum of all times.
   */
  latency: { bounds: readonly number[]; counts: readonly number[]; sum: number }
}

/** Returns the statistics of a server. */
export function readStats(set: ConnectionSet, refused: ReadonlyMap<number, number>): ServerStats {
  let bufferedBytes = 0
  for (const connection of set.connections) {
    accountMemory(connection)
    bufferedBytes += connection.bufferedAmount
  }
  const { receivedMessages, sentMessages, receivedBytes, sentBytes, droppedMessages } = set.traffic
  const { closeCodes, latency, latencySum } = set.traffic
  return {
    connections: set.connections.size,
    accepted: set.acceptedCount,
    refused: Object.fromEntries(refused),
    receivedMessages,
    sentMessages,
    receivedBytes,
    sentBytes,
    droppedMessages,
    closeCodes: Object.fromEntries(closeCodes),
    bufferedBytes,
    heldBytes: set.memory.used,
    latency: { bounds: LATENCY_BOUNDS, counts: [...latency], sum: latencySum },
  }
}

/** Formats statistics in the text format of Prometheus, version 0.0.4. Times are in seconds. */
export function formatMetrics(stats: ServerStats): string {
  return [
    metric('connections', 'gauge', 'Open connections.', [['', stats.connections]]),
    metric('accepted_total', 'counter', 'Accepted upgrades.', [['', stats.accepted]]),
    metric('refused_total', 'counter', 'Refused upgrades, by HTTP status.', labelled('status', stats.refused)),
    metric('messages_total', 'counter', 'Messages, by direction.', [
      ['{direction="received"}', stats.receivedMessages],
      ['{direction="sent"}', stats.sentMessages],
    ]),
    metric('bytes_total', 'counter', 'Bytes on the wire, by direction.', [
      ['{direction="received"}', stats.receivedBytes],
      ['{direction="sent"}', stats.sentBytes],
    ]),
    metric('dropped_messages_total', 'counter', 'Messages dropped for peers that do not read.', [
      ['', stats.droppedMessages],
    ]),
    metric('closed_total', 'counter', 'Closed connections, by close code.', labelled('code', stats.closeCodes)),
    metric('buffered_bytes', 'gauge', 'Bytes waiting to be sent.', [['', stats.bufferedBytes]]),
    metric('held_bytes', 'gauge', 'Bytes of memory in use for connections.', [['', stats.heldBytes]]),
    formatHistogram(stats.latency),
  ].join('')
}

function labelled(label: string, counts: Record<string, number>): [string, number][] {
  return Object.entries(counts).map(([value, count]) => [`{${label}="${value}"}`, count])
}

function metric(name: string, type: string, help: string, samples: [string, number][]): string {
  const head = `# HELP dwebsocket_${name} ${help}\n# TYPE dwebsocket_${name} ${type}\n`
  return head + samples.map(([labels, value]) => `dwebsocket_${name}${labels} ${value}\n`).join('')
}

function formatHistogram({ bounds, counts, sum }: ServerStats['latency']): string {
  let total = 0
  const buckets = counts.map((count, i): [string, number] => {
    total += count
    return [`_bucket{le="${i < bounds.length ? bounds[i] / 1000 : '+Inf'}"}`, total]
  })
  const samples: [string, number][] = [...buckets, ['_sum', sum / 1000], ['_count', total]]
  return metric('ping_seconds', 'histogram', 'Round-trip times of pings.', samples)
}
