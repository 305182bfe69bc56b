import { LATENCY_BOUNDS, type Traffic } from '../connection/traffic.ts'

/** What a server counted since it began; sizes in bytes. */
export interface ServerStats {
  /** Connections whose transport lives. */
  connections: number
  /** Upgrades accepted. */
  accepted: number
  /** Upgrades refused, by HTTP status. */
  refused: Record<string, number>
  receivedMessages: number
  sentMessages: number
  receivedBytes: number
  sentBytes: number
  droppedMessages: number
  /** Connections ended, by close code. */
  closeCodes: Record<string, number>
  /** Bytes that wait to be sent. */
  bufferedBytes: number
  /** Bytes of memory held for connections: what `maxMemory` limits. */
  heldBytes: number
  /** Round trips of pings in milliseconds: `counts[i]` up to `bounds[i]`, the last one beyond. */
  latency: { bounds: readonly number[]; counts: readonly number[]; sum: number }
}

/** The part of the statistics that connections count themselves. */
export function readTraffic(
  traffic: Traffic,
): Omit<ServerStats, 'connections' | 'accepted' | 'refused' | 'bufferedBytes' | 'heldBytes'> {
  const { receivedMessages, sentMessages, receivedBytes, sentBytes, droppedMessages } = traffic
  return {
    receivedMessages,
    sentMessages,
    receivedBytes,
    sentBytes,
    droppedMessages,
    closeCodes: Object.fromEntries(traffic.closeCodes),
    latency: { bounds: LATENCY_BOUNDS, counts: [...traffic.latency], sum: traffic.latencySum },
  }
}

/** Renders statistics in the text format that Prometheus reads (version 0.0.4). */
export function formatMetrics(stats: ServerStats): string {
  return [
    metric('connections', 'gauge', 'Connections whose transport lives.', [['', stats.connections]]),
    metric('accepted_total', 'counter', 'Upgrades accepted.', [['', stats.accepted]]),
    metric('refused_total', 'counter', 'Upgrades refused, by HTTP status.', labelled('status', stats.refused)),
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
    metric('closed_total', 'counter', 'Connections ended, by close code.', labelled('code', stats.closeCodes)),
    metric('buffered_bytes', 'gauge', 'Bytes that wait to be sent.', [['', stats.bufferedBytes]]),
    metric('held_bytes', 'gauge', 'Bytes of memory held for connections.', [['', stats.heldBytes]]),
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
  return metric('ping_seconds', 'histogram', 'Round trips of pings.', samples)
}
