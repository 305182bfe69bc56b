import type { RowSketch } from '../measure/row-plan.ts'

const KIB = 1024
const MIB = 1024 * 1024

/**
 * The performance targets of the project: each peer must cost at least so many times what the subject costs.
 * Peers without a target are measured and shown, too, also where they are faster.
 */
export const PROJECT_ROWS: readonly RowSketch[] = [
  {
    id: 'burst-128',
    title: '128 B, 64 in flight × 32',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'ws+cork', 'raw'],
    goals: { ws: 20, 'ws+cork': 5, raw: 0.7 },
    workload: { scenario: 'echo', size: 128, connections: 32, depth: 64 },
  },
  {
    id: 'burst-1k',
    title: '1 KiB, 64 in flight × 32',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'ws+cork', 'raw'],
    goals: { ws: 8, 'ws+bufferutil': 6, raw: 0.75 },
    workload: { scenario: 'echo', size: KIB, connections: 32, depth: 64 },
  },
  ...[16, 125].map(
    (size): RowSketch => ({
      id: `single-${size}`,
      title: `${size} B, one in flight × 64`,
      peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'raw'],
      goals: { ws: 1.3, raw: 1 },
      workload: { scenario: 'echo', size, connections: 64 },
    }),
  ),
  {
    id: 'single-1k',
    title: '1 KiB, one in flight × 64',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'raw'],
    goals: { ws: 1.6 },
    workload: { scenario: 'echo', size: KIB, connections: 64 },
  },
  {
    id: 'single-16k',
    title: '16 KiB, one in flight × 64',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'raw'],
    goals: { ws: 2.8, 'ws+bufferutil': 1.25 },
    workload: { scenario: 'echo', size: 16 * KIB, connections: 64 },
  },
  {
    id: 'upload-1m',
    title: '1 MiB binary upload × 4',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'raw'],
    goals: { ws: 6, 'ws+bufferutil': 1.3 },
    workload: { scenario: 'upload', size: MIB, connections: 4 },
  },
  {
    id: 'upload-64m',
    title: '64 MiB binary upload × 1',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil', 'raw'],
    goals: { ws: 2.5 },
    workload: { scenario: 'upload', size: 64 * MIB, connections: 1 },
  },
  {
    id: 'upload-ascii',
    title: '1 MiB ASCII text to string × 4',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil'],
    goals: { ws: 3 },
    workload: { scenario: 'upload', kind: 'ascii', size: MIB, connections: 4 },
  },
  {
    id: 'upload-cjk',
    title: '16 KiB CJK text to string × 16',
    peers: ['dwebsocket', 'ws', 'ws+bufferutil'],
    goals: { ws: 3 },
    workload: { scenario: 'upload', kind: 'cjk', size: 16 * KIB, connections: 16 },
  },
  {
    id: 'session-burst',
    title: 'session API, 128 B, 64 in flight × 32',
    peers: ['dwebsocket+session', 'ws', 'raw'],
    goals: { ws: 8 },
    workload: { scenario: 'echo', size: 128, connections: 32, depth: 64 },
  },
  {
    id: 'session-single',
    title: 'session API, 128 B, one in flight × 64',
    peers: ['dwebsocket+session', 'ws', 'raw'],
    goals: { ws: 1.1 },
    workload: { scenario: 'echo', size: 128, connections: 64 },
  },
  {
    id: 'broadcast-1',
    title: 'broadcast of 128 B to 1,000, one by one',
    peers: ['dwebsocket', 'ws', 'socket.io'],
    goals: { ws: 1.2 },
    workload: { scenario: 'broadcast', kind: 'ascii', connections: 1000 },
  },
  {
    id: 'broadcast-8',
    title: 'broadcast of 128 B to 1,000, bursts of 8',
    peers: ['dwebsocket', 'ws', 'socket.io'],
    goals: { ws: 7 },
    workload: { scenario: 'broadcast', kind: 'ascii', connections: 1000, depth: 8 },
  },
  {
    id: 'broadcast-10k',
    title: 'broadcast of 128 B to 10,000, one by one',
    peers: ['dwebsocket', 'ws', 'socket.io'],
    workload: { scenario: 'broadcast', kind: 'ascii', connections: 10_000 },
  },
  {
    id: 'broadcast-stalled',
    title: 'broadcast of 128 B to 1,000 beside 20 members that never read, bursts of 8',
    peers: ['dwebsocket', 'ws', 'socket.io'],
    workload: { scenario: 'broadcast', kind: 'ascii', connections: 1000, depth: 8, stalled: 20 },
  },
  {
    id: 'idle',
    title: 'resident memory per idle connection of 9,500',
    peers: ['dwebsocket', 'ws', 'raw'],
    goals: { ws: 1 / 0.75, raw: 1 / 1.5 },
    workload: { scenario: 'idle', measure: 'memory', connections: 9500 },
  },
  {
    id: 'handshake',
    title: 'handshake + close, own port',
    peers: ['dwebsocket', 'ws', 'raw'],
    goals: { ws: 1.5 },
    workload: { scenario: 'handshake' },
  },
  {
    id: 'handshake-http',
    title: 'handshake + close, on node:http',
    peers: ['dwebsocket+http', 'ws', 'raw'],
    goals: { ws: 1.2 },
    workload: { scenario: 'handshake' },
  },
  {
    id: 'portable',
    title: 'DWEBSOCKET_PORTABLE=1, 128 B, 64 in flight × 32',
    peers: ['dwebsocket+portable', 'ws', 'ws+cork', 'raw'],
    goals: { ws: 12, raw: 0.5 },
    workload: { scenario: 'echo', size: 128, connections: 32, depth: 64 },
  },
  {
    id: 'deflate',
    title: '1 KiB JSON, compressed echo × 32',
    peers: ['dwebsocket', 'ws'],
    goals: { ws: 2 },
    deflate: true,
    workload: { scenario: 'deflate', kind: 'json', size: KIB, connections: 32 },
  },
  {
    id: 'deflate-memory',
    title: 'memory per connection after a compressed message each way, 1,000',
    peers: ['dwebsocket', 'ws'],
    goals: { ws: 1 / 0.15 },
    deflate: true,
    workload: { scenario: 'deflate', measure: 'memory', kind: 'json', size: KIB, connections: 1000 },
  },
]
